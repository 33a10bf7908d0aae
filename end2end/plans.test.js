// A plan from its making to the customer who has it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './support/app.js';
import { assertAccessible, launch, sizes, withPage } from './support/browser.js';
import { askForPrompt, choose, newPhone, signIn } from './support/steps.js';

let app;
let browser;
let tenant;

before(async () => {
  app = await startApp('plans');
  browser = await launch();
  tenant = app.checkouts[0].tenant;
});

after(async () => {
  await browser?.close();
  await app?.stop();
});

const heading = (page, name) => page.getByRole('heading', { level: 1, name });

for (const js of [true, false]) {
  const how = js ? 'with JavaScript' : 'without JavaScript';

  test(`a plan is made, sold by a link, paid on a phone and seen on the customer's page, ${how}`, async () => {
    const place = (path) => `${app.url}/admin/${tenant}/${path}`;
    const plan = js ? 'Family membership' : 'Single membership';
    const customer = js ? 'c-1001' : 'c-1002';
    const options = { js, size: sizes.desk, name: `plan ${how}` };
    await withPage(browser, app, options, async (page) => {
      await signIn(page, app.login(tenant, 'owner'));
      await page.goto(place('plans/new'));
      await page.getByLabel('Name', { exact: true }).fill(plan);
      await page.getByLabel('Price', { exact: true }).fill('1,500');
      await page.getByLabel('Lasts, in days').fill('a month');
      await page.getByRole('checkbox', { name: /test plan/i }).check();
      await page.getByRole('button', { name: 'Make the plan' }).click();
      // Refused in place, and nothing that was typed is lost.
      assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), plan);
      assert.equal(await page.getByLabel('Lasts, in days').getAttribute('aria-invalid'), 'true');
      if (js) await assertAccessible(page, 'plan refused');
      await page.getByLabel('Lasts, in days').fill('30');
      await page.getByRole('button', { name: 'Make the plan' }).click();
      await heading(page, plan).waitFor();
      if (js) await assertAccessible(page, 'plan');

      await page.getByLabel('Your id of the customer').fill(customer);
      await page.getByLabel('Name', { exact: false }).last().fill('Zawadi Otieno');
      await page.getByRole('button', { name: /^Make the link for/ }).click();
      const link = (await page.locator('.addr code').first().innerText()).trim();

      await withPage(browser, app, { js, name: `plan pays ${how}` }, async (phone) => {
        await phone.goto(link);
        await choose(phone, /^M-Pesa(?! Paybill)/);
        await askForPrompt(phone, newPhone());
        await heading(phone, 'Look at your phone').waitFor();
        await app.advance(4);
        await heading(phone, /^Paid/).waitFor({ timeout: 60_000 });
      });

      await page.goto(place(`customers?q=${customer}`));
      await page.getByRole('link', { name: 'Zawadi Otieno' }).click();
      await heading(page, 'Zawadi Otieno').waitFor();
      const held = page.getByRole('region', { name: plan });
      await held.getByText('Active', { exact: true }).waitFor();
      await held.getByText('30 days left').waitFor();
      if (js) await assertAccessible(page, 'customer');

      // The renewal's link is made by a person, and leads to the checkout.
      await held.getByRole('button', { name: 'Renewal link' }).click();
      await heading(page, /1,500/).waitFor();
      const renewal = (await page.locator('.addr code').first().innerText()).trim();
      await withPage(browser, app, { js, name: `plan renews ${how}` }, async (phone) => {
        await phone.goto(renewal);
        await heading(phone, 'How would you like to pay?').waitFor();
      });
    });
    const { data } = await app.api(tenant, 'test', 'GET', `/api/v1/customers/${customer}/entitlements`);
    assert.deepEqual(
      data.map((one) => [one.status, one.access, one.plan_name]),
      [['active', true, plan]],
    );
  });
}

test('a customer who is there twice is merged after both were compared', async () => {
  for (const id of ['twice-1', 'twice-2']) {
    await app.newOrder(tenant, 'test', { customer: { external_id: id, name: 'Kito Mbeki' } });
  }
  await withPage(browser, app, { size: sizes.desk, name: 'merge' }, async (page) => {
    await signIn(page, app.login(tenant, 'owner'));
    const { id } = await app.api(tenant, 'test', 'GET', '/api/v1/customers/twice-1');
    await page.goto(`${app.url}/admin/${tenant}/customers/${id}`);
    await page.getByLabel('The other one').fill('twice-2');
    await page.getByRole('button', { name: 'Compare the two' }).click();
    await assertAccessible(page, 'merge');
    await page.getByRole('button', { name: /^Merge Kito Mbeki into/ }).click();
    await page.getByRole('status').getByText('They are one customer now.').waitFor();
    await page.getByText('twice-2').first().waitFor();
    const merged = await app.api(tenant, 'test', 'GET', '/api/v1/customers/twice-2');
    assert.equal(merged.id, id);
  });
});
