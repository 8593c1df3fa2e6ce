/** How far the read models are behind the orders: for people who watch it. */
import type { Journal } from '../../ports/journal.ts';
import type { ReadModels } from '../../ports/read-models.ts';

/** Creations and changes of orders that are not in the read models yet. */
export const projectorLag = async (journal: Journal, views: ReadModels): Promise<number> =>
  journal.behind(await views.position());
