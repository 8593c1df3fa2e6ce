/**
 * How exports and people name the columns of orders, in English, German, French and Spanish: data for `name-match.ts`, which compares
 * names without case, accents, signs and words such as "the" or "no". From the published column lists of shop systems and marketplaces,
 * and from what people write into spreadsheets.
 */
import type { OrderColumn } from '../../model/columns.ts';

export interface Synonyms {
  /** Surely this column. Separated by commas. */
  names: string;
  /** Often this column, but also others. */
  maybe?: string;
  /** Words that make a similar name another column: the price of the shipping is not the price of the goods. */
  not?: string;
}

/** Of money that is not the price of the goods. */
const OTHER_MONEY = [
  'shipping delivery postage tax vat discount refund refunded fee fees tip duties subtotal compare paid balance deposit cost coupon',
  'versand versandkosten steuer mwst ust rabatt gebuhr erstattung porto gutschein',
  'livraison port tva taxe remise frais rembourse remboursement coupon',
  'envio iva impuesto descuento gastos reembolso comision cupon',
].join(' ');

/** Parts of other things of an order. */
const NOT_OF_CUSTOMER =
  'product item company sku shop store artikel produkt firma article produit societe entreprise articulo producto empresa file method status';

export const SYNONYMS: Record<OrderColumn, Synonyms> = {
  order_id: {
    names: [
      'order id, order no, order number, order #, order, order ref, order reference, sales order, sales order id, sales order number',
      'purchase order, po number, order code, amazon order id, web order',
      'Bestellnummer, Bestell-Nr, Bestellnr, Bestellung, Bestell-ID, Auftragsnummer, Auftrags-Nr, Auftragsnr, Auftrag, Auftrags-ID',
      'numéro de commande, n° commande, commande, id commande, référence commande, réf commande, référence de la commande',
      'número de pedido, nº pedido, pedido, id pedido, referencia pedido, referencia del pedido, número de orden, orden',
    ].join(),
    maybe:
      'reference, ref, id, number, Belegnummer, Vorgang, Vorgangsnummer, Nummer, référence, referencia, número, numéro',
    not: 'customer client kunde kunden kundennummer cliente product item line artikel article articulo transaction payment tracking invoice rechnung factura facture date datum fecha status',
  },
  customer_name: {
    names: [
      'customer name, customer, client name, client, buyer name, buyer, recipient, recipient name, ship name, shipping name, ship to name',
      'bill name, billing name, bill to name, full name, contact name, delivery name',
      'Kundenname, Kunde, Name des Kunden, Käufer, Käufername, Empfänger, Empfängername, Lieferadresse Name, Rechnungsname, Besteller',
      'nom du client, nom client, nom complet, client, acheteur, destinataire, nom du destinataire, nom de livraison',
      'nombre del cliente, nombre cliente, cliente, nombre completo, comprador, destinatario, nombre del comprador, nombre de envío',
    ].join(),
    maybe: 'name, contact, Ansprechpartner, nom, nombre',
    not: `${NOT_OF_CUSTOMER} id number nummer email mail phone telefon first last vorname nachname prenom apellido apellidos`,
  },
  customer_email: {
    names: [
      'email, e-mail, email address, mail, customer email, buyer email, contact email, billing email, shipping email, recipient email',
      'E-Mail-Adresse, Mailadresse, Kunden-E-Mail, E-Mail des Kunden, Käufer E-Mail',
      'courriel, adresse e-mail, adresse mail, adresse électronique, e-mail du client, e-mail client, mail client',
      'correo, correo electrónico, dirección de correo, email del cliente, email cliente, correo del cliente',
    ].join(),
  },
  product_name: {
    names: [
      'product name, product, product title, item name, item title, item, line item name, lineitem name, article name, description of goods',
      'Produktname, Produkt, Artikelname, Artikel, Artikelbezeichnung, Produktbezeichnung, Produkttitel, Bezeichnung, Warenbezeichnung',
      'nom du produit, nom produit, produit, désignation, libellé, article, nom de l’article, libellé article, titre du produit',
      'nombre del producto, nombre producto, producto, artículo, nombre del artículo, descripción del producto, título del producto',
    ].join(),
    maybe:
      'title, description, name, goods, Titel, Beschreibung, Name, titre, description, nom, descripción, título, nombre',
    not: 'customer client kunde kunden cliente buyer first last sku id number nummer nr code type category kategorie categorie categoria ship shipping bill billing quantity price',
  },
  sku: {
    names: [
      'sku, product sku, item sku, line item sku, lineitem sku, seller sku, variant sku, article number, item number, item no, item code',
      'product code, product number, product id, part number, part no, item id, stock code',
      'Artikelnummer, Artikel-Nr, Artikelnr, Art.-Nr, Produktnummer, Produkt-Nr, Artikelcode, Produktcode, Bestellnummer Artikel',
      'référence produit, référence article, réf produit, réf article, code article, code produit, ugs',
      'código de producto, código producto, código de artículo, código artículo, referencia producto, referencia del producto, ref producto, número de artículo',
    ].join(),
    maybe: 'code, reference, ref, ean, gtin, upc, asin, barcode, référence, código, referencia',
    not: 'order bestell commande pedido customer client kunde cliente postal zip country discount',
  },
  hub_id: {
    names: [
      'hub id, hub, warehouse, warehouse id, warehouse code, fulfillment center, fulfilment centre, fulfillment center id, location, location id',
      'depot, distribution center, distribution centre, stock location, ship from, fulfillment location',
      'Lager, Lagerort, Lager-ID, Lagercode, Lagernummer, Standort, Versandlager',
      'entrepôt, dépôt, code entrepôt, id entrepôt, magasin de stock, lieu de stockage',
      'almacén, depósito, id almacén, código de almacén, centro de distribución, ubicación',
    ].join(),
    maybe: 'store, branch, site, Filiale, magasin, tienda, centro',
    not: 'customer address adresse direccion name',
  },
  quantity: {
    names: [
      'quantity, qty, quantity ordered, quantity purchased, qty ordered, units, pieces, pcs, line item quantity, lineitem quantity, item quantity, ordered quantity',
      'Menge, Anzahl, Stück, Stückzahl, Stk, Bestellmenge, Artikelmenge',
      'quantité, qté, nombre d’articles, quantité commandée, nb',
      'cantidad, cant, uds, unidades, cantidad pedida, número de unidades',
    ].join(),
    maybe: 'count, amount, number of items, pieza, piezas, pièces',
    not: 'price total refunded cancelled canceled shipped stock min max available preis prix precio',
  },
  unit_price: {
    names: [
      'unit price, price per unit, price each, price per piece, single price, line item price, lineitem price, item price, product price, price, item cost',
      'Stückpreis, Einzelpreis, Preis pro Stück, Preis, Artikelpreis, Preis je Stück, VK-Preis, Verkaufspreis, E-Preis',
      'prix unitaire, prix, prix à l’unité, prix de l’article, prix unitaire ttc, prix unitaire ht, pu, p.u.',
      'precio unitario, precio, precio por unidad, precio del artículo, precio unidad, p. unitario',
    ].join(),
    maybe: 'rate, value, Wert, tarif, tarifa',
    not: `total line order gesamt ligne linea ${OTHER_MONEY}`,
  },
  total_amount: {
    names: [
      'total, total amount, line total, order total, grand total, total price, amount, item total, line amount, order amount, sum, order value',
      'Gesamtpreis, Gesamtbetrag, Gesamtsumme, Gesamt, Summe, Betrag, Zeilensumme, Positionsbetrag, Auftragswert, Bestellwert, Endbetrag, G-Preis, Rechnungsbetrag',
      'montant, montant total, total ligne, total ttc, prix total, total commande, montant de la commande, total ht',
      'importe, importe total, total línea, precio total, total pedido, total del pedido, suma',
    ].join(),
    not: `unit quantity count items weight ${OTHER_MONEY}`,
  },
  order_date: {
    names: [
      'order date, date ordered, ordered at, ordered on, order created, purchase date, date of order, created at, sale date, order time, order created date',
      'Bestelldatum, Auftragsdatum, Datum der Bestellung, Bestellt am, Kaufdatum, Bestellzeit, Verkaufsdatum, Datum',
      'date de commande, date commande, date de la commande, date d’achat, commandé le, date de vente, date',
      'fecha de pedido, fecha pedido, fecha del pedido, fecha de compra, fecha de la orden, fecha de venta, fecha',
    ].join(),
    maybe: 'created, timestamp, day, Erstellt, Erstellt am, Belegdatum, Tag, créé le, creado, creado el',
    not: [
      'ship shipped shipping delivery delivered paid payment due birth updated modified cancelled canceled invoice fulfilled refund estimated latest earliest',
      'versand liefer lieferdatum rechnung rechnungsdatum zahlung bezahlt geburt',
      'livraison facture facturation paiement naissance expedition envio entrega factura pago nacimiento',
    ].join(' '),
  },
  shipping_address: {
    names: [
      'shipping address, ship address, ship to, ship to address, delivery address, address, full address, postal address, customer address, shipping to',
      'Lieferadresse, Lieferanschrift, Versandadresse, Anschrift, Adresse, Kundenadresse, Empfängeradresse',
      'adresse de livraison, adresse livraison, adresse complète, adresse postale, adresse du client, adresse',
      'dirección de envío, dirección envío, dirección, dirección de entrega, dirección completa, dirección del cliente, domicilio',
    ].join(),
    maybe:
      'billing address, bill to, Rechnungsadresse, Rechnungsanschrift, adresse de facturation, dirección de facturación',
    not: 'email mail electronique correo electronico ip',
  },
};

/** The parts of what is one value of an order, in the order in which they are joined. */
export const NAME_PARTS: readonly string[] = [
  'first name, firstname, given name, forename, Vorname, prénom, nombre de pila, primer nombre, nombre',
  'last name, lastname, surname, family name, Nachname, Familienname, Zuname, nom de famille, nom, apellido, apellidos',
];

export const ADDRESS_PARTS: readonly string[] = [
  'street, address 1, address1, address line 1, street address, street 1, Straße, Strasse, Str., Straße und Hausnummer, Straße Hausnummer, rue, adresse 1, adresse ligne 1, voie, calle, dirección 1, address 1 & 2, address, Adresse, dirección, Anschrift',
  'house number, Hausnummer, Haus-Nr, Hausnr, numéro de rue, número de calle',
  'address 2, address2, address line 2, street 2, Adresszusatz, Adresszeile 2, complément d’adresse, adresse 2, dirección 2, complemento',
  'address 3, address3, address line 3, street 3',
  'zip, zip code, zipcode, postal code, postcode, post code, PLZ, Postleitzahl, code postal, cp, código postal',
  'city, town, locality, Ort, Stadt, Wohnort, ville, commune, ciudad, población, localidad',
  'state, province, region, county, state code, province code, Bundesland, région, département, provincia, estado, región',
  'country, country code, Land, Länderkürzel, Ländercode, pays, code pays, país, código de país',
];

/** Words in front of a part that say whose it is: delivery comes before no word, and that before billing. */
export const PART_OWNERS: readonly string[] = [
  'shipping ship delivery recipient liefer lieferung lieferadresse lieferanschrift versand versandadresse empfanger livraison destinataire envio entrega destinatario',
  'customer client buyer kunde kunden kaufer acheteur cliente comprador',
  'billing bill invoice rechnung rechnungs rechnungsadresse rechnungsanschrift facturation facture facturacion factura',
];
