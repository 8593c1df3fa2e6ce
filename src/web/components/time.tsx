/** A moment in the reader's own zone; the exact one in UTC is its title. */
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export const Time = ({ iso }: { iso: string }) => (
  <time dateTime={iso} title={iso} className="number">
    {day.format(new Date(iso))}
  </time>
);
