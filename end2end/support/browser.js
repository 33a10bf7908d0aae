// The browser under test: the system's Chromium, with guards on every page.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { outFolder } from './app.js';

export const sizes = {
  phone: { width: 360, height: 740 },
  desk: { width: 1280, height: 800 },
};

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/**
 * A page in a context of its own. `problems` collects script errors, console errors (a broken CSP
 * among them) and requests to anyone but the app and the simulator.
 */
export async function openPage(browser, app, { js = true, size = sizes.phone, ...more } = {}) {
  const context = await browser.newContext({
    javaScriptEnabled: js,
    viewport: size,
    locale: 'en-GB',
    timezoneId: 'Africa/Nairobi',
    ...more,
  });
  context.setDefaultTimeout(20_000);
  const problems = [];
  context.on('weberror', (failure) => {
    problems.push(`script error on ${failure.page()?.url()}: ${failure.error().message}`);
  });
  context.on('console', (message) => {
    if (message.type() === 'error') {
      problems.push(`console error: ${message.text()} (${message.location().url})`);
    }
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:', 'about:'].includes(url.protocol) && !app.origins.includes(url.origin)) {
      problems.push(`request to a stranger: ${request.url()}`);
    }
  });
  const page = await context.newPage();
  return { page, context, problems };
}

/**
 * Runs `steps(page)` with the guards on, and keeps a picture when it fails.
 * `expected` lists patterns of problems that the test provokes itself.
 */
export async function withPage(browser, app, options, steps) {
  const { page, context, problems } = await openPage(browser, app, options);
  try {
    await steps(page);
    const unexpected = problems.filter(
      (problem) => !(options.expected ?? []).some((pattern) => pattern.test(problem)),
    );
    assert.deepEqual(unexpected, []);
  } catch (error) {
    const name = `failed-${(options.name ?? 'page').replaceAll(/[^a-z0-9]+/gi, '-')}`;
    await shoot(page, name, { full: true }).catch(() => {});
    const lines = [error.message, `At ${page.url()}, picture: end2end/out/${name}.png`];
    if (problems.length) lines.push('The page reported:', ...problems);
    throw new Error(lines.join('\n  '), { cause: error });
  } finally {
    await context.close();
  }
}

export async function shoot(page, name, { full = false } = {}) {
  await mkdir(outFolder, { recursive: true });
  await page.screenshot({
    path: join(outFolder, `${name}.png`),
    fullPage: full,
    animations: 'disabled',
  });
}

/** Pictures for people: phone and desk, light and dark. */
export async function shootLooks(page, name) {
  for (const [sizeName, size] of Object.entries(sizes)) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await shoot(page, `${name}-${sizeName}-${colorScheme}`, { full: true });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Each theme and each size once: colours do not depend on the size, nor the order on the theme. */
const looks = [
  ['phone', 'light'],
  ['desk', 'dark'],
];

/** No serious finding of axe in either theme or size, and no sideways scrolling. */
export async function assertAccessible(page, where) {
  assert.deepEqual(await accessibilityOf(page, where), []);
}

/** What `assertAccessible` would complain about. */
export async function accessibilityOf(page, where) {
  const before = page.viewportSize();
  const findings = [];
  for (const [sizeName, colorScheme] of looks) {
    await page.setViewportSize(sizes[sizeName]);
    await page.emulateMedia({ colorScheme });
    const look = `${where}, ${sizeName}, ${colorScheme}`;
    // Our pages have no frames of others, for which axe would open a blank page each time.
    const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
    const { violations } = await axe.analyze();
    for (const { id, impact, help, nodes } of violations) {
      if (!['serious', 'critical'].includes(impact)) continue;
      findings.push(`${look}: ${id} (${help}): ${nodes.map((node) => node.html).join(' | ')}`);
    }
    const [content, screen] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    if (content > screen) findings.push(`${look}: scrolls sideways, ${content} px in ${screen}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(before);
  return findings;
}

/** Loads the page again until `ready` answers true, as a person who waits would. */
export async function reloadUntil(page, what, ready, { everyMs = 1_000, withinMs = 90_000 } = {}) {
  const end = Date.now() + withinMs;
  while (!(await ready())) {
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    await page.reload();
  }
}
