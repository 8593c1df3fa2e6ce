/** A row whose values are all valid by themselves, as a chunk passes it to the order store. Money is in minor units. */
export interface OrderRow {
  /** As a spreadsheet counts: the header is row 1, blank records count. */
  row: number;
  orderId: string;
  customerName: string;
  customerEmail: string;
  productName: string;
  sku: string;
  hubId: string;
  quantity: number;
  unitPriceMinor: number;
  totalMinor: number;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  orderDateMs: number;
  shippingAddress: string;
}
