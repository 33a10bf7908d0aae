// The first view of the checkout on a bad line: what it weighs and what it asks for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './support/app.js';
import { launch, withPage } from './support/browser.js';
import { weigh } from './support/wire.js';

const LIMIT_BYTES = 14 * 1024;

let app;
let browser;

before(async () => {
  app = await startApp('weight');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await app?.stop();
});

test('the first view fits into 14 kB on the wire', async () => {
  for (const { url, what } of app.checkouts) {
    for (const accept of ['br', 'gzip']) {
      const { bytes, head, status } = await weigh(url, { accept });
      assert.equal(status, 200, what);
      assert.match(head, new RegExp(`content-encoding: ${accept}`, 'i'), what);
      assert.ok(bytes <= LIMIT_BYTES, `${what}: ${bytes} bytes with ${accept}`);
    }
  }
});

test('the first view is one request, without a script', async () => {
  const [{ url }] = app.checkouts;
  await withPage(browser, app, { name: 'one request' }, async (page) => {
    const asked = [];
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) asked.push(request.url());
    });
    await page.goto(url, { waitUntil: 'networkidle' });
    assert.deepEqual(asked, [url]);
    assert.equal(await page.locator('script').count(), 0);
    assert.equal(await page.locator('[style]').count(), 0);
  });
});

test('no page lets a foreign site in: the policies are there', async () => {
  const { head } = await weigh(app.checkouts[0].url);
  assert.match(head, /content-security-policy: .*default-src 'none'|content-security-policy: .*default-src 'self'/i);
  assert.match(head, /frame-ancestors 'none'/i);
  assert.match(head, /x-content-type-options: nosniff/i);
  assert.match(head, /referrer-policy: /i);
  assert.doesNotMatch(head, /unsafe-inline/i);
});
