/** Says that the service cannot be reached, since when, and that the user need not do anything. */
import { useConnectionLostAt } from '../api/connection.ts';
import { Time } from '../components/time.tsx';
import { connection } from '../texts/page.ts';

export function ConnectionBanner() {
  const lostAt = useConnectionLostAt();
  return (
    <div role="status" className="banner-place">
      {lostAt !== null && (
        <p className="banner">
          {connection.lost} <Time iso={new Date(lostAt).toISOString()} />. {connection.resumes}
        </p>
      )}
    </div>
  );
}
