// Starts `malipo demo` in a folder of its own and knows what it printed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const outFolder = join(import.meta.dirname, '..', 'out');

const START_MS = 60_000;
const STOP_MS = 8_000;

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The facts that `malipo demo --json` prints once it is ready. */
async function readFacts(child) {
  let text = '';
  child.stdout.setEncoding('utf8');
  for await (const part of child.stdout) {
    text += part;
    const start = text.indexOf('{');
    if (start < 0) continue;
    try {
      const facts = JSON.parse(text.slice(start));
      child.stdout.resume();
      return facts;
    } catch {
      // Not complete yet.
    }
  }
  throw new Error(`malipo demo ended before it was ready. It printed: ${text || '(nothing)'}`);
}

function within(promise, ms, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Starts the demo. `name` is the log's name in end2end/out.
 * The process gets no variable of ours but PATH, so that a developer's .env changes no test.
 */
export async function startApp(name) {
  const program = process.env.MALIPO_BIN;
  if (!program) throw new Error('MALIPO_BIN is not set: run the tests by ./dev browser');
  await access(program, constants.X_OK);
  const folder = await mkdtemp(join(tmpdir(), 'malipo-end2end-'));
  await mkdir(outFolder, { recursive: true });
  const log = createWriteStream(join(outFolder, `${name}.log`));
  const child = spawn(program, ['demo', '--json', '--port', String(await freePort())], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      MALIPO_DATA_DIR: join(folder, 'data'),
      MALIPO_LOG: process.env.MALIPO_LOG ?? 'info',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.pipe(log);
  const ended = once(child, 'exit');

  async function stop() {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await within(ended, STOP_MS, 'Stopping malipo').catch(() => {
        child.kill('SIGKILL');
        throw new Error('malipo demo did not stop within 8 s of SIGTERM');
      });
    }
    await rm(folder, { recursive: true, force: true });
  }

  let facts;
  try {
    facts = await within(readFacts(child), START_MS, 'Starting malipo demo');
  } catch (error) {
    await stop().catch(() => {});
    throw new Error(`${error.message}\nIts log: ${join(outFolder, `${name}.log`)}`);
  }
  return new App(facts, folder, stop);
}

class App {
  constructor(facts, folder, stop) {
    Object.assign(this, facts);
    this.folder = folder;
    this.stop = stop;
    this.orders = 0;
  }

  /** Where a page may ask for something: ourselves and the providers' pages of the simulator. */
  get origins() {
    return [new URL(this.url).origin, new URL(this.simulator).origin];
  }

  login(tenant, role) {
    const found = this.logins.find((one) => one.tenant === tenant && one.role === role);
    if (!found) throw new Error(`the demo has no ${role} of ${tenant}`);
    return found;
  }

  key(tenant, mode) {
    const found = this.api_keys.find((one) => one.tenant === tenant && one.mode === mode);
    if (!found) throw new Error(`the demo has no ${mode} key of ${tenant}`);
    return found.key;
  }

  /** A call of the API; answers the parsed body, and throws on any status but 2xx. */
  async api(tenant, mode, method, path, body) {
    const answer = await fetch(new URL(path, this.url), {
      method,
      headers: {
        authorization: `Bearer ${this.key(tenant, mode)}`,
        'content-type': 'application/json',
        'idempotency-key': crypto.randomUUID(),
      },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** A new order by the API, so that no test leans on what another one paid. */
  async newOrder(tenant, mode, fields = {}) {
    this.orders += 1;
    return this.api(tenant, mode, 'POST', '/api/v1/orders', {
      reference: `E2E-${this.orders}-${Date.now().toString(36)}`,
      amount: 150_000,
      currency: 'KES',
      description: 'Check-up and cleaning',
      customer: { name: 'Wanjiku Kamau', email: 'wanjiku@example.com', phone: '+254712345678' },
      // One provider a way to pay: with all of them the page has several cards.
      providers: ['mpesa', 'paystack', 'manual', 'mock'],
      ...fields,
    });
  }

  order(tenant, mode, id) {
    return this.api(tenant, mode, 'GET', `/api/v1/orders/${id}`);
  }

  /** A call of the simulator; answers the parsed body, and throws on any status but 2xx. */
  async simulate(path, body) {
    const answer = await fetch(new URL(path, this.simulator), {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** Moves the simulator's clock, so that nobody waits for a customer who takes his time. */
  async advance(seconds) {
    await this.simulate('/_control/advance', { seconds });
  }
}
