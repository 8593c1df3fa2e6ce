/** An order's date in UTC, in which it is also filtered: a day of a file stays that day wherever it is looked at. */
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

const DAY_MS = 24 * 60 * 60 * 1000;
const DAY = /^\d{4}-\d\d-\d\d$/;

export const OrderDate = ({ iso }: { iso: string }) => (
  <time dateTime={iso} title={iso} className="number">
    {(iso.endsWith('T00:00:00.000Z') ? day : moment).format(new Date(iso))}
  </time>
);

export const isDay = (text: string): boolean => DAY.test(text) && !Number.isNaN(Date.parse(text));

/** The day so many days later. */
export const daysLater = (text: string, days: number): string =>
  new Date(Date.parse(text) + days * DAY_MS).toISOString().slice(0, 10);
