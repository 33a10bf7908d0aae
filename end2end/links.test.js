// A link that many can pay on, an order in parts, and a file of requests.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './support/app.js';
import { assertAccessible, launch, reloadUntil, sizes, withPage } from './support/browser.js';
import { cards, choose, goToProvider, payByCard, signIn } from './support/steps.js';

let app;
let browser;
let tenant;

before(async () => {
  app = await startApp('links');
  browser = await launch();
  tenant = app.checkouts[0].tenant;
});

after(async () => {
  await browser?.close();
  await app?.stop();
});

const heading = (page, name) => page.getByRole('heading', { level: 1, name });
const place = (path) => `${app.url}/admin/${tenant}/${path}`;

for (const js of [true, false]) {
  const how = js ? 'with JavaScript' : 'without JavaScript';

  test(`a link is made in the dashboard and two people pay on it, ${how}`, async () => {
    const title = js ? 'School trip' : 'School fees';
    const options = { js, size: sizes.desk, name: `link ${how}` };
    await withPage(browser, app, options, async (page) => {
      await signIn(page, app.login(tenant, 'owner'));
      await page.goto(place('links/new'));
      await page.getByLabel('What is paid for?').fill(title);
      await page.getByLabel('Lowest amount').fill('1,000');
      await page.getByRole('checkbox', { name: /test link/i }).check();
      await page.getByRole('button', { name: 'Make the link' }).click();
      // Refused in place, and nothing that was typed is lost.
      assert.equal(await page.getByLabel('What is paid for?').inputValue(), title);
      assert.equal(await page.getByLabel('Highest amount').getAttribute('aria-invalid'), 'true');
      await page.getByLabel('Highest amount').fill('5,000');
      await page.getByRole('button', { name: 'Make the link' }).click();
      await heading(page, title).waitFor();
      await page.getByRole('img', { name: /QR code/ }).waitFor();
      if (js) await assertAccessible(page, 'link');
      const link = (await page.locator('.addr code').first().innerText()).trim();

      for (const [index, amount] of ['1,500', '2,000.50'].entries()) {
        await withPage(browser, app, { js, name: `link paid ${index} ${how}` }, async (phone) => {
          await phone.goto(link);
          await phone.getByLabel(/^Amount/).fill('5');
          await phone.getByLabel(/^Your name/).fill('Asha Juma');
          await phone.getByLabel(/^Your email/).fill('asha@customers.example');
          await phone.getByRole('button', { name: /^Continue/ }).click();
          assert.equal(await phone.getByLabel(/^Amount/).inputValue(), '5');
          assert.equal(await phone.getByLabel(/^Your name/).inputValue(), 'Asha Juma');
          if (js) await assertAccessible(phone, 'link refused');
          await phone.getByLabel(/^Amount/).fill(amount);
          await phone.getByRole('button', { name: /^Continue/ }).click();
          await choose(phone, /card.*Paystack/i);
          await goToProvider(phone, app);
          await payByCard(phone, cards.paid);
          await heading(phone, /^Paid/).waitFor({ timeout: 60_000 });
        });
      }
      await reloadUntil(page, 'both are paid', () => page.getByText('3,500.50').count());
      await page.getByRole('button', { name: 'Switch it off' }).click();
      await page.goto(link);
      await heading(page, 'This link takes no more payments').waitFor();
      if (js) await assertAccessible(page, 'link closed');
    });
  });

  test(`a deposit is paid, then the rest, ${how}`, async () => {
    const options = { js, size: sizes.desk, name: `deposit ${how}` };
    await withPage(browser, app, options, async (page) => {
      await signIn(page, app.login(tenant, 'owner'));
      await page.goto(place('orders/new'));
      await page.getByLabel('Amount', { exact: true }).fill('10,000');
      await page.getByLabel('Your reference').fill(`TRIP-${js}`);
      await page.getByRole('textbox', { name: /^E-mail/ }).fill('asha@customers.example');
      const deposit = page.locator('#f-deposit');
      assert.equal(await deposit.isVisible(), false);
      await page.getByRole('radio', { name: 'Deposit and rest' }).check();
      await deposit.fill('120%');
      const day = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
      await page.getByLabel('Rest due on').fill(day);
      await page.getByRole('checkbox', { name: /Remind the customer/ }).check();
      await page.getByRole('checkbox', { name: /test order/i }).check();
      await page.getByRole('button', { name: 'Make link' }).click();
      // Refused in place, and nothing that was typed is lost.
      assert.equal(await deposit.inputValue(), '120%');
      assert.equal(await deposit.getAttribute('aria-invalid'), 'true');
      assert.equal(await page.getByLabel('Rest due on').inputValue(), day);
      if (js) await assertAccessible(page, 'deposit refused');
      await deposit.fill('30%');
      await page.getByRole('button', { name: 'Make link' }).click();
      await page.getByRole('heading', { name: 'Paid in parts' }).waitFor();
      if (js) await assertAccessible(page, 'order in parts');
      const link = (await page.locator('.addr code').first().innerText()).trim();

      await withPage(browser, app, { js, name: `deposit paid ${how}` }, async (phone) => {
        await phone.goto(link);
        await phone.getByText('Part 1 of 2').waitFor();
        if (js) await assertAccessible(phone, 'part 1 of 2');
        await choose(phone, /card.*Paystack/i);
        await goToProvider(phone, app);
        await payByCard(phone, cards.paid);
        await heading(phone, /^Paid/).waitFor({ timeout: 60_000 });
        await phone.getByText('Left to pay').waitFor();
        if (js) await assertAccessible(phone, 'receipt of a part');
        await phone.goto(link);
        await phone.getByText('Part 2 of 2').waitFor();
        await choose(phone, /card.*Paystack/i);
        await goToProvider(phone, app);
        await payByCard(phone, cards.paid);
        await heading(phone, /^Paid/).waitFor({ timeout: 60_000 });
      });
      await reloadUntil(page, 'the order is paid', () =>
        page.getByText('Paid', { exact: true }).count().then((n) => n >= 2),
      );
    });
  });

  test(`a file of requests becomes links after it was looked at, ${how}`, async () => {
    const rows = ['reference,amount,customer_name', `A-1-${js},"1,500",Asha`, `A-2-${js},much,Kito`];
    const file = { name: 'fees.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) };
    await withPage(browser, app, { js, size: sizes.desk, name: `file ${how}` }, async (page) => {
      await signIn(page, app.login(tenant, 'owner'));
      await page.goto(place('orders'));
      await page.getByRole('link', { name: 'Many from a file' }).click();
      await page.getByLabel('File', { exact: true }).setInputFiles(file);
      await page.getByRole('checkbox', { name: /test orders/i }).check();
      await page.getByRole('button', { name: 'Look at the file' }).click();
      await heading(page, 'fees.csv').waitFor();
      await page.getByRole('row', { name: new RegExp(`3 A-2-${js} amount`) }).waitFor();
      if (js) await assertAccessible(page, 'file checked');
      await page.getByRole('button', { name: 'Make 1 link' }).click();
      await reloadUntil(page, 'made', () => page.getByText('1 link made.').count());
      if (js) await assertAccessible(page, 'file made');
      const csv = await page.request.get(
        await page.getByRole('link', { name: 'Download the links' }).evaluate((a) => a.href),
      );
      const [, made] = (await csv.text()).split('\n');
      assert.match(made, new RegExp(`^2,A-1-${js},.*,made,ord_.*/pay/`));
    });
  });
}
