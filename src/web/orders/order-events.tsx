/** The events of an order, as subscribers receive them. A single one is open. */
import { useQuery } from '@tanstack/react-query';
import { Problem } from '../api/client.ts';
import { orderEventsQuery } from '../api/queries.ts';
import { CopyButton } from '../components/copy-button.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { order as words } from '../texts/orders.ts';

export function OrderEvents({ orderId }: { orderId: string }) {
  const { data, error, refetch } = useQuery(orderEventsQuery(orderId));
  if (!data) return error instanceof Problem && <ProblemView error={error} onTryAgain={() => void refetch()} />;
  if (data.items.length === 0) return <p className="quiet">{words.noEvents}</p>;
  return (
    <section className="panel order-events" aria-labelledby="events">
      <h2 id="events">{words.events}</h2>
      <p className="order-sub">{words.eventsHelp}</p>
      {data.items.map((event) => {
        const json = JSON.stringify(event, null, 2);
        return (
          <details key={event.id} open={data.items.length === 1}>
            <summary>{words.event(event.type)}</summary>
            <div className="order-event">
              <CopyButton text={json} label={words.event(event.type)} />
              <pre>
                <code>{json}</code>
              </pre>
            </div>
          </details>
        );
      })}
    </section>
  );
}
