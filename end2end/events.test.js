// What the shop's own systems are told, seen by the shop's developer.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { startApp } from './support/app.js';
import { assertAccessible, launch, reloadUntil, sizes, withPage } from './support/browser.js';
import { signIn } from './support/steps.js';

let app;
let browser;
let tenant;
let shop;

/** A shop's own system: keeps what comes. The first call is refused. */
async function startShop() {
  const got = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    got.push({ headers: request.headers, body });
    response.statusCode = got.length === 1 ? 500 : 200;
    response.end(got.length === 1 ? 'column "amount" is too small' : 'thank you');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { got, server, url: `http://127.0.0.1:${server.address().port}/malipo` };
}

before(async () => {
  app = await startApp('events');
  browser = await launch();
  tenant = app.checkouts[0].tenant;
  shop = await startShop();
});

after(async () => {
  await browser?.close();
  await app?.stop();
  shop?.server.close();
});

function signature(secret, { headers, body }) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

test('an event is sent again from the dashboard', async () => {
  const options = { size: sizes.desk, name: 'events' };
  await withPage(browser, app, options, async (page) => {
    await signIn(page, app.login(tenant, 'owner'));
    await page.goto(`${app.url}/admin/${tenant}/endpoints/new`);
    await page.getByLabel('Address').fill(shop.url);
    await page.getByLabel('Which events').selectOption('test');
    await page.getByRole('button', { name: 'Make the endpoint' }).click();
    await page.getByText('Signing secret', { exact: true }).waitFor();
    const secret = await page.locator('code', { hasText: /^whsec_/ }).innerText();
    await assertAccessible(page, 'endpoint');
    await page.reload();
    assert.equal(await page.getByText(/whsec_/).count(), 0, 'the secret is shown once');

    await page.getByRole('button', { name: 'Send a test event' }).click();
    await reloadUntil(page, 'the refusal', () => page.getByText('answered 500').count());
    await page.getByText('column "amount" is too small').waitFor();
    await page.getByRole('button', { name: 'Send again now' }).click();
    await reloadUntil(page, 'the answer', () => page.getByText('answered 200').count());
    await page.getByText('thank you').first().waitFor();
    await assertAccessible(page, 'event');
    assert.ok(shop.got.length >= 2);
    const [first] = shop.got;
    for (const call of shop.got) {
      assert.equal(call.headers['webhook-signature'], signature(secret, call));
      assert.equal(call.headers['webhook-id'], first.headers['webhook-id']);
      assert.equal(call.body, first.body);
    }
    await page.goto(`${app.url}/admin/${tenant}/events`);
    await page.getByRole('link', { name: 'endpoint.test' }).first().waitFor();
    await assertAccessible(page, 'events');
  });
});
