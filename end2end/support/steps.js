// What people do: the steps that several tests share. Everything is found as a reader finds it,
// by its role, its label or its words.
import assert from 'node:assert/strict';

/** Cards of Paystack's own test page. */
export const cards = {
  paid: { number: '4084084084084081', cvv: '408' },
  pinAndOtp: { number: '5060666666666666666', cvv: '123', pin: '1234', otp: '123456' },
  declined: { number: '4084080000005408', cvv: '001' },
};

/** On the checkout: takes a way to pay and goes on. */
export async function choose(page, method) {
  await page.getByRole('radio', { name: method }).check();
  await page.getByRole('button', { name: /^Continue/ }).click();
}

/** On the checkout: goes to the provider's page, by its step where the page has one. */
export async function goToProvider(page, app) {
  const away = (url) => url.origin === new URL(app.simulator).origin;
  const step = page.getByRole('button', { name: /^Go to / });
  await Promise.any([page.waitForURL(away), step.waitFor()]);
  if (away(new URL(page.url()))) return;
  await step.click();
  await page.waitForURL(away);
}

/** On the simulator's Paystack page. */
export async function payByCard(page, card) {
  await page.getByLabel('Card number').fill(card.number);
  await page.getByLabel('Expiry (MM/YY)').fill('12/30');
  await page.getByLabel('CVV').fill(card.cvv);
  await page.getByRole('button', { name: 'Pay by card' }).click();
  const questions = [
    ['Card PIN', card.pin],
    ['One-time code (OTP)', card.otp],
  ];
  for (const [label, answer] of questions) {
    if (!answer) continue;
    await page.getByLabel(label).fill(answer);
    await page.getByRole('button', { name: 'Continue' }).click();
  }
}

let phones = 0;

/**
 * A number that no other test has used: M-Pesa refuses the same sum from the same number within
 * two minutes. Its last four digits tell the simulator what the customer does.
 */
export function newPhone(ending = '5678') {
  phones += 1;
  return `07${10 + phones}${String(Date.now()).slice(-2)}${ending}`;
}

/** A number as the pages show it. */
export const spaced = (phone) => phone.replace(/^(\d{4})(\d{3})(\d{3})$/, '$1 $2 $3');

/** On the checkout: asks for the prompt on a phone. */
export async function askForPrompt(page, phone) {
  await page.getByLabel(/number/i).fill(phone);
  await page.getByRole('button', { name: /send the prompt/i }).click();
}

/** Into the dashboard. */
export async function signIn(page, login) {
  await page.goto(login.url);
  await page.getByLabel('E-mail').fill(login.email);
  await page.getByLabel('Password').fill(login.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/\/admin\//);
}

export async function assertTestMode(page) {
  assert.match(await page.title(), /^\[TEST\]/);
  await page.getByText('Payments here do not count').first().waitFor();
}
