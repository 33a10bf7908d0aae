// Staff and admins at work, and what customers see of it at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './support/app.js';
import { accessibilityOf, assertAccessible, launch, reloadUntil, sizes, withPage } from './support/browser.js';
import { picture } from './support/picture.js';
import { choose, signIn } from './support/steps.js';

const pages = [
  'overview',
  'start',
  'orders',
  'orders/new',
  'orders/import',
  'links',
  'links/new',
  'payments',
  'payments/unmatched',
  'proofs',
  'refunds',
  'customers',
  'plans',
  'plans/new',
  'providers',
  'providers/paystack',
  'providers/mpesa',
  'providers/manual',
  'providers/mock',
  'hooks',
  'events',
  'endpoints',
  'endpoints/new',
  'api-keys',
  'api-keys/requests',
  'messages',
  'messages/settings',
  'team',
  'exports',
  'exports?what=payments&mode=test',
  'alerts',
  'account',
];

let app;
let browser;
let tenant;

before(async () => {
  app = await startApp('dashboard');
  browser = await launch();
  tenant = app.checkouts[0].tenant;
});

after(async () => {
  await browser?.close();
  await app?.stop();
});

const desk = (name) => ({ size: sizes.desk, name });

/** Leaves a proof for a bank transfer, and the customer's page open. */
async function sendProof(page, order, reference) {
  await page.goto(order.checkout_url);
  await choose(page, /^Bank transfer(?!,)/);
  await page.getByLabel(/photo or screenshot/i).setInputFiles({
    name: 'slip.png',
    mimeType: 'image/png',
    buffer: picture(),
  });
  const number = page.getByRole('radio', { name: 'Number' });
  if (await number.count()) await number.check();
  await page.getByLabel('Transaction number').fill(reference);
  await page.getByRole('button', { name: /send the proof/i }).click();
  await page.getByRole('heading', { level: 1, name: /we have your proof/i }).waitFor();
}

for (const js of [true, false]) {
  const how = js ? 'with JavaScript' : 'without JavaScript';

  test(`a proof that staff approve becomes a receipt, ${how}`, async () => {
    const name = js ? 'Peter Mwangi' : 'Lucy Wairimu';
    const order = await app.newOrder(tenant, 'test', { customer: { name } });
    const reference = js ? 'FT26324K8LQ' : 'FT26324K9MR';
    await withPage(browser, app, { js, name: `proof ${how}` }, async (customer) => {
      await sendProof(customer, order, reference);
      if (js) await assertAccessible(customer, 'proof sent');
      await withPage(browser, app, { js, ...desk(`proof desk ${how}`) }, async (page) => {
        await signIn(page, app.login(tenant, 'staff'));
        await page.goto(`${app.url}/admin/${tenant}/proofs`);
        await page.getByRole('link', { name: new RegExp(name) }).first().click();
        await page.getByText(reference).first().waitFor();
        if (js) await assertAccessible(page, 'proof desk');
        await page.getByRole('button', { name: /^Approve/ }).click();
        await page.getByRole('status').getByText(/approved/i).waitFor();
      });
      await reloadUntil(customer, 'the receipt', () =>
        customer.getByRole('heading', { level: 1, name: /^Paid/ }).count(),
      );
    });
    const now = await app.order(tenant, 'test', order.id);
    assert.equal(now.status, 'paid');
  });
}

test('a rejected proof tells the customer why and takes another one', async () => {
  const order = await app.newOrder(tenant, 'test', { customer: { name: 'Rose Chebet' } });
  await withPage(browser, app, { name: 'rejected proof' }, async (customer) => {
    await sendProof(customer, order, 'FT26324R1AA');
    await withPage(browser, app, desk('reject'), async (page) => {
      await signIn(page, app.login(tenant, 'staff'));
      await page.goto(`${app.url}/admin/${tenant}/proofs`);
      await page.getByRole('link', { name: /Rose Chebet/ }).first().click();
      await page.getByRole('link', { name: /^Reject/ }).click();
      await page.getByRole('button', { name: /reject and tell/i }).click();
      await page.getByRole('status').getByText(/rejected/i).waitFor();
    });
    await customer.reload();
    await customer.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(await customer.getByText('We have your proof').count(), 0);
    await assertAccessible(customer, 'proof rejected');
  });
  assert.equal((await app.order(tenant, 'test', order.id)).amount_paid, 0);
});

test('the switch of test mode shows on the checkout at once', async () => {
  const { url } = app.checkouts.find((one) => one.tenant === tenant && /^a live order/.test(one.what));
  const banner = (page) => page.getByText('Payments here do not count');
  const card = (page) => page.locator('label:has(input[value="paystack.card"])');
  const login = app.login(tenant, 'owner');
  await withPage(browser, app, { name: 'banner' }, async (customer) => {
    await customer.goto(url);
    await banner(customer).waitFor();
    await card(customer).getByText('Test', { exact: true }).waitFor();

    await withPage(browser, app, desk('switch'), async (page) => {
      await signIn(page, login);
      await page.goto(`${app.url}/admin/${tenant}/providers/paystack`);
      // In the demo, live calls lead to the simulator as well.
      await page.getByLabel('Live Secret key').fill(`sk_live_${'0123456789abcdef'.repeat(2)}`);
      await page.getByRole('button', { name: 'Save the keys' }).click();
      await page.goto(`${app.url}/admin/${tenant}/providers`);
      const toggle = page.getByRole('switch', { name: 'Test mode of Paystack' });
      assert.equal(await toggle.getAttribute('aria-checked'), 'true');
      await toggle.click();
      await page.getByLabel('Your password').fill(login.password);
      await assertAccessible(page, 'go live');
      await page.getByRole('button', { name: 'Take Paystack live' }).click();
      await page.goto(`${app.url}/admin/${tenant}/providers`);
      assert.equal(await toggle.getAttribute('aria-checked'), 'false');
    });

    // The first live provider: what is in test mode leaves the live order, and the banner with it.
    await customer.reload();
    assert.equal(await banner(customer).count(), 0);
    assert.equal(await card(customer).count(), 1);
    assert.equal(await customer.getByText('M-Pesa').count(), 0);

    await withPage(browser, app, desk('switch back'), async (page) => {
      await signIn(page, login);
      await page.goto(`${app.url}/admin/${tenant}/providers`);
      await page.getByRole('switch', { name: 'Test mode of Paystack' }).click();
      await page.getByRole('switch', { name: 'Test mode', checked: true }).waitFor();
    });
    await customer.reload();
    await banner(customer).waitFor();
  });
});

test('every page of the dashboard opens and is accessible', async () => {
  await withPage(browser, app, desk('pages'), async (page) => {
    await page.goto(`${app.url}/login`);
    await assertAccessible(page, 'login');
    await signIn(page, app.login(tenant, 'owner'));
    const findings = [];
    for (const place of pages) {
      const answer = await page.goto(`${app.url}/admin/${tenant}/${place}`);
      assert.equal(answer.status(), 200, place);
      assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, place);
      findings.push(...(await accessibilityOf(page, place)));
    }
    assert.deepEqual(findings, []);
  });
});

test('the API reference asks nobody else for anything, and fits a phone', async () => {
  for (const size of [sizes.desk, sizes.phone]) {
    await withPage(browser, app, { size, name: 'docs' }, async (page) => {
      const answer = await page.goto(`${app.url}/docs`);
      assert.equal(answer.status(), 200);
      await page.getByRole('heading', { name: 'Make an order' }).waitFor();
      await assertAccessible(page, 'docs');
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wider <= 0, `${wider} px sideways at ${size.width}`);
    });
  }
});

test('the pages of one shop are closed to the people of another', async () => {
  const other = app.logins.find((login) => login.tenant !== tenant);
  const expected = [/status of 404/];
  await withPage(browser, app, { ...desk('foreign'), expected }, async (page) => {
    await signIn(page, other);
    for (const place of ['overview', 'payments', 'providers/paystack']) {
      const answer = await page.goto(`${app.url}/admin/${tenant}/${place}`);
      assert.equal(answer.status(), 404, place);
    }
  });
});
