// Pictures for people: `node shots.js` (by `./dev browser` settings) fills end2end/out with the
// pages named here, on phone and desk, light and dark. With --docs it renews docs/checkout.png.
import { join } from 'node:path';
import { startApp } from './support/app.js';
import { launch, openPage, shootLooks, sizes } from './support/browser.js';
import { askForPrompt, cards, choose, goToProvider, newPhone, payByCard, signIn } from './support/steps.js';

const app = await startApp('shots');
const browser = await launch();
try {
  const [{ tenant }] = app.checkouts;
  const { page } = await openPage(browser, app);

  if (process.argv.includes('--docs')) {
    await page.setViewportSize(sizes.phone);
    await page.goto(app.checkouts[0].url);
    await page.screenshot({ path: join(import.meta.dirname, '..', 'docs', 'checkout.png') });
  }

  for (const [index, { url, what }] of app.checkouts.entries()) {
    await page.goto(url);
    await shootLooks(page, `checkout-${index + 1}-${what.replaceAll(/[^a-z0-9]+/gi, '-')}`);
  }

  for (const lang of ['en', 'ar']) {
    await page.goto(`${app.links[0].url}?lang=${lang}`);
    await shootLooks(page, `link-${lang}`);
  }
  await page.goto(`${app.links[0].url}?lang=en`);

  const order = await app.newOrder(tenant, 'test');
  await page.goto(order.checkout_url);
  await choose(page, /^M-Pesa(?! Paybill)/);
  await shootLooks(page, 'step-phone');
  await askForPrompt(page, newPhone());
  await shootLooks(page, 'step-waiting');


  await app.advance(4);
  await page.getByRole('heading', { level: 1, name: /^Paid/ }).waitFor({ timeout: 60_000 });
  await shootLooks(page, 'step-receipt');

  const byCard = await app.newOrder(tenant, 'test');
  await page.goto(byCard.checkout_url);
  await choose(page, /card/i);
  await goToProvider(page, app);
  await shootLooks(page, 'simulator-paystack');
  await payByCard(page, cards.paid);
  await page.getByRole('heading', { level: 1, name: /^Paid/ }).waitFor({ timeout: 60_000 });

  const { page: desk } = await openPage(browser, app, { size: sizes.desk });
  await desk.goto(`${app.url}/docs`);
  await shootLooks(desk, 'docs');
  await desk.goto(`${app.url}/login`);
  await shootLooks(desk, 'login');
  await signIn(desk, app.login(tenant, 'owner'));
  const places = [
    'overview',
    'orders',
    `orders/${byCard.id}`,
    'orders/new',
    'orders/import',
    'links',
    'links/new',
    'payments',
    'proofs',
    'refunds',
    'customers',
    'plans',
    'plans/new',
    'providers',
    'providers/paystack',
    'hooks',
    'api-keys',
    'api-keys/requests',
    'team',
  ];
  for (const place of places) {
    await desk.goto(`${app.url}/admin/${tenant}/${place}`);
    await shootLooks(desk, `admin-${place.replaceAll('/', '-').replace(byCard.id, 'one')}`);
  }
} finally {
  await browser.close();
  await app.stop();
}
