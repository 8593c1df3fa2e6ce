/**
 * The service's stream of events, read by `fetch`. An `EventSource` does not say at which cursor a stream began, so one that breaks
 * off before its first event could not resume there; nor does it say why the service refused it.
 */
import type { EventResponse } from '../../http/responses.ts';
import { fetchSignedIn, Problem, parse, readProblem, withQuery } from '../api/client.ts';

/** Work between two pauses for the browser: a replay from the beginning comes faster than it can be drawn. */
const WORK_MS = 10;

export interface EventReader {
  onOpen: () => void;
  /** After this cursor the stream can be resumed. */
  onCursor: (after: string) => void;
  onEvent: (event: EventResponse) => void;
}

/** Reads from the cursor `after`, or from now on, until the stream ends. Rejects with `Problem` when the service refuses. */
export async function readEvents(after: string | undefined, reader: EventReader, stop: AbortSignal): Promise<void> {
  const address = withQuery('/events', { type: '*', after });
  const response = await fetchSignedIn(address, { headers: { accept: 'text/event-stream' }, signal: stop });
  if (!response.ok || response.body === null) {
    const answer = parse(await response.text());
    throw new Problem(readProblem(answer, response.status), answer);
  }
  reader.onOpen();
  const texts = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let workingSinceMs = performance.now();
  for (;;) {
    const { done, value } = await texts.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      takeBlock(block, reader);
      if (performance.now() - workingSinceMs < WORK_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      if (stop.aborted) return;
      workingSinceMs = performance.now();
    }
  }
}

/** A block is the cursor at which the stream begins, an event with the cursor behind it, or a comment. */
function takeBlock(block: string, { onCursor, onEvent }: EventReader): void {
  for (const line of block.split('\n')) {
    if (line.startsWith('id: ')) onCursor(line.slice('id: '.length));
    if (line.startsWith('data: ')) onEvent(JSON.parse(line.slice('data: '.length)) as EventResponse);
  }
}
