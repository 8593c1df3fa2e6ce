/** Files as people have them, and the format that is proposed for each, with what proves it. */
import { describe, expect, it } from 'vitest';
import type { Suggestion } from '../../../../src/pipeline/preview/suggest-format.ts';
import { previewOf } from '../../../support/preview.ts';

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n`;
const latin1 = (text: string) => Buffer.from(text, 'latin1');

type Expected = Partial<Suggestion['format']> & { missing: string[] };

const GERMAN = lines(
  'Bestellungen der Firma Müller & Söhne;;;;;;;;;;;;',
  'Zeitraum: 01.11.2026 - 30.11.2026;;;;;;;;;;;;',
  '',
  'Bestell-Nr.;Kunde;E-Mail;Artikelbezeichnung;Art.-Nr.;Lager;Menge;Einzelpreis;Gesamtpreis;Bestelldatum;Straße;PLZ;Ort',
  'B-1001;Jürgen Groß;j@example.de;Notizbuch;00417;HUB-1;2;1.234,50 €;2.469,00 €;21.11.2026;Hauptstr. 1;10115;Berlin',
  'B-1002;Anna Kühn;a@example.de;Stift;55121;HUB-1;1;4,20 €;4,20 €;03.11.2026;Weg 2;80331;München',
);

const WOOCOMMERCE = lines(
  'Order Number,Order Status,Order Date,First Name (Billing),Last Name (Billing),Email (Billing),First Name (Shipping),Last Name (Shipping),Address 1&2 (Shipping),City (Shipping),Postcode (Shipping),Order Shipping Amount,Order Total Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost,Discount Amount',
  '101,processing,2026-11-21 10:00,Ann,Lee,ann@example.com,Kim,Park,1 Road,Leeds,LS1,3.00,15.60,55120,1,Notebook,2,4.20,0',
  '101,processing,2026-11-21 10:00,Ann,Lee,ann@example.com,Kim,Park,1 Road,Leeds,LS1,3.00,15.60,55121,2,Pen,1,4.20,0',
  '102,processing,2026-11-21 11:00,Bob,Ray,bob@example.com,Bob,Ray,2 Road,York,YO1,3.00,7.20,55120,1,Notebook,1,4.20,0',
);

const SHOPIFY = lines(
  'Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Street,Billing City,Billing Zip,Shipping Name,Shipping Street,Shipping City,Shipping Zip,Shipping Country',
  '#1001,ann@example.com,paid,2026-11-21 10:00:00 +0100,EUR,12.60,3.00,0.00,15.60,2026-11-21 10:00:00 +0100,2,Notebook,4.20,55120,Ann Lee,1 Road,Leeds,LS1,Kim Park,2 Road,York,YO1,GB',
  '#1001,ann@example.com,,,,,,,,2026-11-21 10:00:00 +0100,1,Pen,4.20,55121,,,,,,,,,',
);

const ETSY = lines(
  'Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Discount Amount,Order Shipping,Item Total,Currency,Transaction ID,Ship Name,Ship Address1,Ship Address2,Ship City,Ship State,Ship Zipcode,Ship Country,Order ID,SKU,Payment Type',
  '11/20/26,Mug,kim99,2,12.00,,0.00,4.00,24.00,USD,4001,Kim Park,1 Road,,Austin,TX,73301,United States,3001,MUG-1,online_cc',
  '11/21/26,Bowl,lee7,1,20.00,,0.00,4.00,20.00,USD,4002,Ann Lee,2 Road,Flat 3,Austin,TX,73301,United States,3002,BOWL-1,online_cc',
);

const AMAZON = [
  'order-id\torder-item-id\tpurchase-date\tbuyer-email\tbuyer-name\tsku\tproduct-name\tquantity-purchased\titem-price\tshipping-price\trecipient-name\tship-address-1\tship-address-2\tship-city\tship-postal-code\tship-country',
  '026-1\t77\t2026-11-21T10:00:00+00:00\tx@marketplace.example\tAnn Lee\tMUG-1\tMug\t2\t8.40\t3.00\tKim Park\t1 Road\t\tYork\tYO1\tGB',
  '',
].join('\n');

const cases: [name: string, file: string | Buffer, Expected][] = [
  [
    'a German Excel file in Windows-1252, with titles, semicolons, decimal commas and euros',
    latin1(GERMAN.replaceAll('€', '\x80')),
    {
      header: { skip_rows: 3, columns: expect.arrayContaining(['Bestell-Nr.', 'Straße']) as never },
      columns: {
        order_id: { from: 'Bestell-Nr.' },
        customer_name: { from: 'Kunde' },
        customer_email: { from: 'E-Mail' },
        product_name: { from: 'Artikelbezeichnung' },
        sku: { from: 'Art.-Nr.' },
        hub_id: { from: 'Lager' },
        quantity: { from: 'Menge' },
        unit_price: { from: 'Einzelpreis' },
        total_amount: { from: 'Gesamtpreis' },
        order_date: { from: 'Bestelldatum' },
        shipping_address: { join: ['Straße', 'PLZ', 'Ort'], with: ', ' },
      },
      numbers: { decimal: ',', group: '.', currency: 'EUR' },
      dates: ['dd.MM.yyyy'],
      missing: [],
    },
  ],
  [
    "a colleague's list",
    lines(
      'Order No,Customer,Mail,Product,Article,Qty,Price,Date,Address',
      '1,Ann Lee,ann@example.com,Notebook,55120,2,4.20,11/21/2026,"1 Road, Leeds"',
      '2,Bob Ray,bob@example.com,Pen,55121,1,1.10,2/3/2026,"2 Road, Leeds"',
    ),
    {
      columns: {
        order_id: { from: 'Order No' },
        customer_name: { from: 'Customer' },
        customer_email: { from: 'Mail' },
        product_name: { from: 'Product' },
        sku: { from: 'Article' },
        quantity: { from: 'Qty' },
        unit_price: { from: 'Price' },
        total_amount: { compute: true },
        order_date: { from: 'Date' },
        shipping_address: { from: 'Address' },
      },
      dates: ['M/d/yyyy'],
      missing: ['hub_id'],
    },
  ],
  [
    'a Spanish shop',
    lines(
      'Número de pedido;Nombre;Apellidos;Correo electrónico;Producto;Referencia;Cantidad;Precio unitario;Importe;Fecha;Dirección;C.P.;Población',
      'P1;Ana;García;ana@ejemplo.es;Cuaderno;55120;3;1,50;4,50;5/11/2026;C/ Mayor 1;28001;Madrid',
      'P2;Luis;Pérez;luis@ejemplo.es;Boli;55121;1;2,00;2,00;21/11/2026;C/ Sol 3;28002;Madrid',
    ),
    {
      columns: {
        order_id: { from: 'Número de pedido' },
        customer_name: { join: ['Nombre', 'Apellidos'], with: ' ' },
        customer_email: { from: 'Correo electrónico' },
        product_name: { from: 'Producto' },
        sku: { from: 'Referencia' },
        quantity: { from: 'Cantidad' },
        unit_price: { from: 'Precio unitario' },
        total_amount: { from: 'Importe' },
        order_date: { from: 'Fecha' },
        shipping_address: { join: ['Dirección', 'C.P.', 'Población'], with: ', ' },
      },
      numbers: { decimal: ',', group: '' },
      dates: ['d/M/yyyy'],
      missing: ['hub_id'],
    },
  ],
  [
    'a French shop whose dates are not proven: they are left out',
    lines(
      'N° commande;Nom;Prénom;Courriel;Désignation;Réf. article;Qté;P.U.;Montant;Date de commande;Adresse de livraison;Code postal;Ville',
      'C1;Durand;Zoé;zoe@exemple.fr;Cahier;55120;3;1,50;4,50;05/11/2026;1 rue X;75001;Paris',
      'C2;Roy;Luc;luc@exemple.fr;Stylo;55121;1;1\u202f200,00;1\u202f200,00;06/11/2026;2 rue Y;75002;Paris',
    ),
    {
      columns: {
        order_id: { from: 'N° commande' },
        customer_name: { join: ['Prénom', 'Nom'], with: ' ' },
        customer_email: { from: 'Courriel' },
        product_name: { from: 'Désignation' },
        sku: { from: 'Réf. article' },
        quantity: { from: 'Qté' },
        unit_price: { from: 'P.U.' },
        total_amount: { from: 'Montant' },
        order_date: { from: 'Date de commande' },
        shipping_address: { join: ['Adresse de livraison', 'Code postal', 'Ville'], with: ', ' },
      },
      numbers: { decimal: ',', group: ' ' },
      missing: ['hub_id', 'dates'],
    },
  ],
  [
    'an export of WooCommerce: rows of one order, whose total has the shipping in it',
    WOOCOMMERCE,
    {
      columns: {
        order_id: { from: 'Order Number' },
        customer_name: { join: ['First Name (Shipping)', 'Last Name (Shipping)'], with: ' ' },
        customer_email: { from: 'Email (Billing)' },
        product_name: { from: 'Item Name' },
        sku: { from: 'SKU' },
        quantity: { from: 'Quantity (- Refund)' },
        unit_price: { from: 'Item Cost' },
        total_amount: { compute: true },
        order_date: { from: 'Order Date' },
        shipping_address: {
          join: ['Address 1&2 (Shipping)', 'Postcode (Shipping)', 'City (Shipping)'],
          with: ', ',
        },
      },
      lines: 'adjacent',
      missing: ['hub_id'],
    },
  ],
  [
    'an export of Shopify',
    SHOPIFY,
    {
      columns: {
        customer_name: { from: ['Shipping Name', 'Billing Name'] },
        customer_email: { from: 'Email' },
        product_name: { from: 'Lineitem name' },
        sku: { from: 'Lineitem sku' },
        quantity: { from: 'Lineitem quantity' },
        unit_price: { from: 'Lineitem price' },
        total_amount: { compute: true },
        order_date: { from: 'Created at' },
        shipping_address: {
          join: ['Shipping Street', 'Shipping Zip', 'Shipping City', 'Shipping Country'],
          with: ', ',
        },
      },
      missing: ['order_id', 'hub_id'],
    },
  ],
  [
    'an export of Etsy, with years of two digits',
    ETSY,
    {
      columns: {
        order_id: { from: 'Order ID' },
        // The buyers are known by their nicknames.
        customer_name: { from: 'Ship Name' },
        product_name: { from: 'Item Name' },
        sku: { from: 'SKU' },
        quantity: { from: 'Quantity' },
        unit_price: { from: 'Price' },
        total_amount: { from: 'Item Total' },
        order_date: { from: 'Sale Date' },
        shipping_address: {
          join: ['Ship Address1', 'Ship Address2', 'Ship Zipcode', 'Ship City', 'Ship State', 'Ship Country'],
          with: ', ',
        },
      },
      dates: ['M/d/yy'],
      missing: ['customer_email', 'hub_id'],
    },
  ],
  [
    'an export of Amazon, tab-separated, whose price is of all pieces: nothing proves it',
    AMAZON,
    {
      columns: {
        order_id: { from: 'order-id' },
        customer_name: { from: ['recipient-name', 'buyer-name'] },
        customer_email: { from: 'buyer-email' },
        product_name: { from: 'product-name' },
        sku: { from: 'sku' },
        quantity: { from: 'quantity-purchased' },
        unit_price: { from: 'item-price' },
        total_amount: { compute: true },
        order_date: { from: 'purchase-date' },
        shipping_address: {
          join: ['ship-address-1', 'ship-address-2', 'ship-postal-code', 'ship-city', 'ship-country'],
          with: ', ',
        },
      },
      missing: ['hub_id'],
    },
  ],
  [
    'prices that are those of all pieces, as the totals prove',
    lines('Order,Qty,Price,Total', 'A,2,8.40,8.40', 'B,1,4.20,4.20', 'C,3,3.00,3.00'),
    {
      columns: {
        order_id: { from: 'Order' },
        quantity: { from: 'Qty' },
        unit_price: { from: 'Price', divide_by: 'quantity' },
        total_amount: { compute: true },
      },
      missing: expect.arrayContaining(['sku']) as never,
    },
  ],
  [
    'only a total, which is divided',
    lines('Order,Qty,Line total', 'A,2,8.40', 'B,1,4.20'),
    {
      columns: {
        order_id: { from: 'Order' },
        quantity: { from: 'Qty' },
        unit_price: { from: 'Line total', divide_by: 'quantity' },
        total_amount: { compute: true },
      },
      missing: expect.arrayContaining(['sku']) as never,
    },
  ],
  [
    'orders of several rows, with the total of the order',
    lines('Order,Sku,Qty,Price,Total', 'A,X,2,4.00,11.00', 'A,Y,1,3.00,11.00', 'B,X,1,4.00,4.00'),
    {
      columns: {
        order_id: { from: 'Order' },
        sku: { from: 'Sku' },
        quantity: { from: 'Qty' },
        unit_price: { from: 'Price' },
        total_amount: { from: 'Total' },
      },
      lines: 'adjacent',
      total: 'order',
      missing: expect.arrayContaining(['hub_id']) as never,
    },
  ],
];

describe('the format that is proposed for', () => {
  it.each(cases)('%s', async (_, file, { missing, ...expected }) => {
    const suggestion = await previewOf(file);
    const { header, ...format } = suggestion.format;
    const { header: expectedHeader, ...others } = expected;
    expect(format).toEqual(others);
    expect(suggestion.missing).toEqual(missing);
    if (expectedHeader) expect(header).toEqual(expectedHeader);
    const found = Object.entries(format.columns!).flatMap(([column, source]) => ('compute' in source ? [] : [column]));
    expect(Object.keys(suggestion.confidence)).toEqual(expect.arrayContaining(found));
    for (const confidence of Object.values(suggestion.confidence)) expect(confidence).toBeGreaterThanOrEqual(0.5);
  });

  it('a file names the rows that prove it, and those against', async () => {
    const suggestion = await previewOf(GERMAN);
    expect(suggestion.evidence.numbers).toMatchObject({
      proof: [{ row: 5, column: 'Einzelpreis', value: '1.234,50 €' }, { row: 5 }, { row: 6 }],
      against: [],
    });
    expect(suggestion.evidence.dates).toMatchObject({
      order: 'day_first',
      proof: [{ row: 5, column: 'Bestelldatum', value: '21.11.2026' }],
      undecided: 1,
    });
    expect(suggestion.evidence.amounts).toMatchObject({ checked: 2, exact: 2 });
  });
});

describe('dates', () => {
  it.each([
    ['2026-11-20', 'year_first', []],
    ['2026-11-20 14:03:00 +0100', 'year_first', []],
    ['2026/11/20', 'year_first', ['yyyy/M/d']],
    ['05/11/2026, 20/11/2026', 'day_first', ['dd/MM/yyyy']],
    ['5.11.2026 9:05, 20.11.2026 14:03', 'day_first', ['d.M.yyyy H:mm']],
    ['05.11.2026 09:05:01, 20.11.2026 14:03:02', 'day_first', ['dd.MM.yyyy HH:mm:ss']],
    ['11/20/2026 2:03 PM', 'month_first', ['M/d/yyyy h:mm a']],
    ['11-20-26', 'month_first', ['M-d-yy']],
    ['20.11.2026, 2026-11-21', 'day_first', ['d.M.yyyy', 'yyyy-M-d']],
    ['20.11.2026T14:03Z', 'day_first', ["d.M.yyyy'T'H:mmXXX"]],
    // Nothing proves the order.
    ['05/11/2026, 01/02/2026', null, []],
    ['20 Nov 2026', null, []],
    ['99.99.2026', null, []],
    // Most rows decide; the others are named.
    ['20/11/2026, 21/11/2026, 11/22/2026', 'day_first', ['d/M/yyyy']],
  ])('%s are %s', async (values, order, patterns) => {
    const suggestion = await previewOf(`Order date;Order id\n${values.split(/, (?=\d)/).join(';1\n')};1\n`);
    expect(suggestion.evidence.dates?.order ?? null).toBe(order);
    expect(suggestion.format.dates ?? []).toEqual(patterns);
  });
});

describe('numbers', () => {
  it.each([
    ['4.20|3.10', { decimal: '.' }, undefined],
    ['4|3', { decimal: '.' }, undefined],
    ['4,20|3,10', { decimal: ',' }, { decimal: ',', group: '' }],
    ['1.234,50|2', { decimal: ',' }, { decimal: ',', group: '.' }],
    ['1,234.50|2', { decimal: '.' }, { decimal: '.', group: ',' }],
    ["1'234.50|2", { decimal: '.' }, { decimal: '.', group: "'" }],
    ['1.234.567|2', { decimal: ',' }, { decimal: ',', group: '.' }],
    // A point is decimal here, so the comma is not.
    ['1,234|4.20', { decimal: '.' }, { decimal: '.', group: ',' }],
    ['CHF 4.20|3.10', { decimal: '.', currency: 'CHF' }, { decimal: '.', group: '', currency: 'CHF' }],
    ['£4.20|£3.10', { decimal: '.', currency: '£' }, { decimal: '.', group: '', currency: 'GBP' }],
    // Either may be meant.
    ['1,234|2,500', { decimal: null, undecided: 2 }, undefined],
    // Most rows decide; the others are named.
    [
      '4,20|3,10|5.00',
      { decimal: ',', against: [{ row: 4, column: 'Price', value: '5.00' }] },
      { decimal: ',', group: '' },
    ],
    ['4.20|-|n/a|1,2,3|3.10|2.00|1.50', { decimal: '.' }, undefined],
  ])('%s', async (values, seen, numbers) => {
    const suggestion = await previewOf(`Price\tOrder id\n${values.split('|').join('\t1\n')}\t1\n`);
    expect(suggestion.evidence.numbers).toMatchObject(seen);
    expect(suggestion.format.numbers).toEqual(numbers);
    expect(suggestion.missing.includes('numbers')).toBe(seen.decimal === null);
  });
});
