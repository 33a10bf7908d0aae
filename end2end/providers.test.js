// One payment through the page of each provider, without JavaScript, and the test data on the way.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startApp } from './support/app.js';
import { launch, withPage } from './support/browser.js';
import { askForPrompt, assertTestMode, goToProvider, newPhone } from './support/steps.js';

let app;
let browser;

before(async () => {
  app = await startApp('providers');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await app?.stop();
});

/** Fills the fields of the provider's form by their names, and sends it by the button's value. */
const form = (fields, button) => async (page) => {
  for (const [name, value] of Object.entries(fields)) {
    await page.locator(`input[name=${name}]`).fill(value);
  }
  await page.locator(button).click();
};

const card = (number, expiry, extra) =>
  form({ number, expiry, ...extra }, 'button[value=card]');

/** What is typed on each provider's page. `data` is what the banner must show. */
const providers = {
  stripe: {
    order: { currency: 'USD', amount: 1_999 },
    data: '4242 4242 4242 4242',
    page: [card('4242424242424242', '12/34', { cvc: '123' })],
  },
  paystack: {
    order: { currency: 'KES', amount: 150_000 },
    data: '4084 0840 8408 4081',
    page: [card('4084084084084081', '12/34', { cvv: '408' })],
  },
  flutterwave: {
    order: { currency: 'NGN', amount: 1_500_000 },
    data: '5531 8866 5214 2950',
    page: [
      card('5531886652142950', '09/32', { cvv: '564' }),
      form({ answer: '3310' }, 'form:has(input[name=answer]) button'),
      form({ answer: '12345' }, 'form:has(input[name=answer]) button'),
    ],
  },
  mpesa: {
    order: { currency: 'KES', amount: 150_000 },
    data: '0712 345 678',
    phone: newPhone(),
  },
  mtn_momo: {
    order: { currency: 'EUR', amount: 1_500 },
    data: '56733123453',
    phone: '+256772123456',
  },
  paymongo: {
    order: { currency: 'PHP', amount: 150_000 },
    data: '4343 4343 4343 4345',
    page: [card('4343434343434345', '12/34', { cvc: '123' })],
  },
  payme: {
    order: { currency: 'UZS', amount: 1_500_000 },
    data: '8600 4954 7331 6478',
    page: [
      form({ number: '8600495473316478', expire: '03/99' }, 'button[value=card]'),
      form({ answer: '666666' }, 'button[value=code]'),
    ],
  },
  mamopay: {
    order: { currency: 'AED', amount: 15_000 },
    data: '4659 1055 6905 1157',
    page: [card('4659105569051157', '01/28', { cvv: '123' })],
  },
};

describe('every provider, without JavaScript', () => {
  for (const [name, of] of Object.entries(providers)) {
    test(`${name} shows its test data, takes the money and the receipt appears`, async () => {
      const { tenant } = app.checkouts[0];
      const order = await app.newOrder(tenant, 'test', { ...of.order, providers: [name] });
      await withPage(browser, app, { js: false, name }, async (page) => {
        await page.goto(order.checkout_url);
        await assertTestMode(page);
        const squeeze = (text) => text.replace(/\s/g, '');
        assert.ok(squeeze(await page.content()).includes(squeeze(of.data)), `no ${of.data}`);
        await page.getByRole('button', { name: /^Continue/ }).click();
        if (of.phone) {
          await askForPrompt(page, of.phone);
          await page.getByRole('heading', { level: 1, name: 'Look at your phone' }).waitFor();
          await app.advance(4);
        } else {
          await goToProvider(page, app);
          for (const step of of.page) await step(page);
          // Some providers wait for a tap before they lead back.
          const back = page.getByRole('link', { name: /back|return|continue/i });
          const home = (url) => url.origin === new URL(app.url).origin;
          await Promise.any([page.waitForURL(home), back.first().waitFor()]);
          if (!home(new URL(page.url()))) await back.first().click();
        }
        const paid = page.getByRole('heading', { level: 1, name: /^Paid/ });
        await paid.waitFor({ timeout: 60_000 });
        const now = await app.order(tenant, 'test', order.id);
        assert.deepEqual([now.status, now.amount_paid], ['paid', of.order.amount]);
      });
    });
  }
});
