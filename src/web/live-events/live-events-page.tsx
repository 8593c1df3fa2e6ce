/** `/live`: the events of orders, as they come. */
import { Title } from '../layout/title.tsx';
import { frame } from '../texts.ts';

export function LiveEventsPage() {
  return <Title>{frame.live}</Title>;
}
