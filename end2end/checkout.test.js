// The customer's way through the checkout, each time with JavaScript and without.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startApp } from './support/app.js';
import { assertAccessible, launch, reloadUntil, withPage } from './support/browser.js';
import {
  askForPrompt,
  assertTestMode,
  cards,
  choose,
  goToProvider,
  newPhone,
  payByCard,
  spaced,
} from './support/steps.js';

let app;
let browser;
let tenant;

before(async () => {
  app = await startApp('checkout');
  browser = await launch();
  tenant = app.checkouts[0].tenant;
});

after(async () => {
  await browser?.close();
  await app?.stop();
});

const heading = (page, name) => page.getByRole('heading', { level: 1, name });

/** The sum that the order counts as paid, asked at the API. */
async function settled(order) {
  const { status, amount_paid: paid, payments } = await app.order(tenant, 'test', order.id);
  return { status, paid, payments: payments.map((payment) => payment.status) };
}

for (const js of [true, false]) {
  const how = js ? 'with JavaScript' : 'without JavaScript';

  describe(`the checkout ${how}`, () => {
    test('a test card pays the order and the receipt appears', async () => {
      const order = await app.newOrder(tenant, 'test');
      await withPage(browser, app, { js, name: `card ${how}` }, async (page) => {
        await page.goto(order.checkout_url);
        await assertTestMode(page);
        await choose(page, /card/i);
        await goToProvider(page, app);
        await payByCard(page, cards.paid);
        await page.waitForURL((url) => url.origin === new URL(app.url).origin);
        await heading(page, /^Paid/).waitFor({ timeout: 60_000 });
        await assertTestMode(page);
        assert.deepEqual(await settled(order), {
          status: 'paid',
          paid: order.amount,
          payments: ['succeeded'],
        });
        await page.goto(order.checkout_url);
        await heading(page, /paid/i).waitFor();
      });
    });

    test('a card that the bank declines takes nothing and leaves a way out', async () => {
      const order = await app.newOrder(tenant, 'test');
      await withPage(browser, app, { js, name: `declined ${how}` }, async (page) => {
        await page.goto(order.checkout_url);
        await choose(page, /card/i);
        await goToProvider(page, app);
        await payByCard(page, cards.declined);
        await page.getByText(/declined/i).first().waitFor();
        assert.equal((await settled(order)).paid, 0);
        await page.goto(order.checkout_url);
        await heading(page, 'How would you like to pay?').waitFor();
      });
    });

    test('a prompt on the phone pays the order while the page waits', async () => {
      const order = await app.newOrder(tenant, 'test');
      await withPage(browser, app, { js, name: `prompt ${how}` }, async (page) => {
        await page.goto(order.checkout_url);
        await choose(page, /^M-Pesa(?! Paybill)/);
        const phone = newPhone();
        const island = js ? page.waitForRequest(/\/status\//) : null;
        await askForPrompt(page, phone);
        await heading(page, 'Look at your phone').waitFor();
        await page.getByText(`PIN on ${spaced(phone)}`).waitFor();
        // Nobody touches the page: it finds the truth by itself, by its script where one runs.
        await island;
        await app.advance(4);
        await heading(page, /^Paid/).waitFor({ timeout: 60_000 });
        assert.equal((await settled(order)).status, 'paid');
      });
    });

    test('a prompt that the customer cancels says so and offers to try again', async () => {
      const order = await app.newOrder(tenant, 'test');
      await withPage(browser, app, { js, name: `cancelled ${how}` }, async (page) => {
        await page.goto(order.checkout_url);
        await choose(page, /^M-Pesa(?! Paybill)/);
        await askForPrompt(page, newPhone('0003'));
        await heading(page, 'Look at your phone').waitFor();
        await app.advance(4);
        await heading(page, /^Not paid/).waitFor({ timeout: 60_000 });
        assert.equal((await settled(order)).paid, 0);
      });
    });

    test('a prompt that fails leads to the paybill, and what is paid there pays the order', async () => {
      const order = await app.newOrder(tenant, 'test');
      await withPage(browser, app, { js, name: `paybill ${how}` }, async (page) => {
        await page.goto(order.checkout_url);
        await choose(page, /^M-Pesa(?! Paybill)/);
        await askForPrompt(page, newPhone('0001'));
        await heading(page, 'Look at your phone').waitFor();
        await app.advance(4);
        await heading(page, /^Not paid/).waitFor({ timeout: 60_000 });
        await page.getByRole('button', { name: /Pay by M-Pesa Paybill instead/ }).click();
        await heading(page, 'Pay by M-Pesa Paybill').waitFor();
        if (js) await assertAccessible(page, 'paybill');
        // Read one by one: without script the page loads itself again while it waits.
        const value = (at) => page.locator('.copy data').nth(at).getAttribute('value');
        const [number, account] = [await value(0), await value(1)];
        assert.equal(await value(2), '1500');
        assert.equal((await settled(order)).paid, 0);
        const paid = { provider: 'mpesa', shortcode: number, account, amount: 1500 };
        await app.simulate('/_control/pay', paid);
        await page.getByRole('button', { name: /I have paid/ }).click();
        await heading(page, /^Paid/).waitFor({ timeout: 60_000 });
        assert.deepEqual(await settled(order), {
          status: 'paid',
          paid: order.amount,
          payments: ['failed', 'succeeded'],
        });
      });
    });

    test('a number with a digit missing is refused in place and kept', async () => {
      const order = await app.newOrder(tenant, 'test');
      const expected = [/status of 422/];
      await withPage(browser, app, { js, expected, name: `digit ${how}` }, async (page) => {
        await page.goto(order.checkout_url);
        await choose(page, /^M-Pesa(?! Paybill)/);
        await askForPrompt(page, '0712 345 67');
        const field = page.getByLabel(/number/i);
        assert.equal(await field.inputValue(), '0712 345 67');
        assert.equal(await field.getAttribute('aria-invalid'), 'true');
        assert.match(await page.title(), /^(\[TEST\] )?Error:/);
        if (js) await assertAccessible(page, 'phone, refused');
      });
    });
  });
}

test('while a prompt is unanswered nothing is claimed, and its end leads on', async () => {
  const order = await app.newOrder(tenant, 'test');
  await withPage(browser, app, { name: 'no answer' }, async (page) => {
    await page.goto(order.checkout_url);
    await choose(page, /^M-Pesa(?! Paybill)/);
    // The number of Safaricom's sandbox that never answers.
    await askForPrompt(page, '0708 374 149');
    await heading(page, 'Look at your phone').waitFor();
    await app.advance(4);
    await page.reload();
    assert.equal(await page.getByText('Nothing was taken').count(), 0);
    await app.advance(120);
    await heading(page, /^Not paid/).waitFor({ timeout: 60_000 });
    await assertAccessible(page, 'no answer');
    await page.getByRole('link', { name: 'Pay another way' }).click();
    await heading(page, 'How would you like to pay?').waitFor();
  });
});

test('every step of the checkout is accessible in both themes and sizes', async () => {
  const order = await app.newOrder(tenant, 'test');
  await withPage(browser, app, { name: 'accessible' }, async (page) => {
    await page.goto(order.checkout_url);
    await assertAccessible(page, 'choose');
    await choose(page, /^M-Pesa(?! Paybill)/);
    await assertAccessible(page, 'phone');
    await askForPrompt(page, newPhone());
    await heading(page, 'Look at your phone').waitFor();
    await assertAccessible(page, 'waiting');
    await app.advance(4);
    await heading(page, /^Paid/).waitFor({ timeout: 60_000 });
    await assertAccessible(page, 'receipt');
  });
});

test('the pages of the demo open in every language and in both directions', async () => {
  await withPage(browser, app, { name: 'languages' }, async (page) => {
    await page.goto(app.checkouts[0].url);
    const languages = await page.locator('details.lang a').evaluateAll((links) =>
      links.map((link) => ({ lang: link.lang, href: link.href })),
    );
    assert.ok(languages.length >= 2, 'a choice of languages');
    for (const { lang, href } of languages) {
      await page.goto(href);
      assert.equal(await page.locator('html').getAttribute('lang'), lang);
      assert.equal(await page.locator('html').getAttribute('dir'), lang === 'ar' ? 'rtl' : 'ltr');
      await assertAccessible(page, `choose in ${lang}`);
    }
  });
});

test('an order of the demo that is paid shows its receipt, one that ended says so', async () => {
  await withPage(browser, app, { name: 'ended' }, async (page) => {
    const seen = new Set();
    for (const { url, what } of app.checkouts) {
      const answer = await page.goto(url);
      assert.equal(answer.status(), 200, what);
      const headings = page.getByRole('heading', { level: 1 });
      assert.equal(await headings.count(), 1, what);
      // The same page in another currency is built of the same parts.
      const kind = await headings.innerText();
      if (!seen.has(kind)) await assertAccessible(page, what);
      seen.add(kind);
    }
  });
});

test('two tabs on one order: the second one learns that it is paid', async () => {
  const order = await app.newOrder(tenant, 'test');
  await withPage(browser, app, { name: 'two tabs' }, async (page) => {
    const second = await page.context().newPage();
    await second.goto(order.checkout_url);
    await page.goto(order.checkout_url);
    await choose(page, /card/i);
    await goToProvider(page, app);
    await payByCard(page, cards.paid);
    await heading(page, /^Paid/).waitFor({ timeout: 60_000 });
    await choose(second, /card/i);
    await reloadUntil(second, 'already paid', () => heading(second, /paid/i).count());
    assert.equal((await settled(order)).payments.length, 1);
  });
});
