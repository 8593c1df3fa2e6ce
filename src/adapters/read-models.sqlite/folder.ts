/** The projector's side of `views.db`. */
import { isOmsError } from '../../errors.ts';
import { createDayOf } from '../../model/calendar-day.ts';
import { PROJECTIONS_VERSION } from '../../model/projections/projections.ts';
import type { Folder, OpenFolder } from '../../ports/projecting.ts';
import { toOmsError } from '../sqlite/errors.ts';
import { OrderFolder } from './fold-orders.ts';
import { deleteViews, openViewsForWriting } from './views-file.ts';

/** `timeZone`: of the days. */
export const folderAt =
  (path: string, timeZone: string): OpenFolder =>
  (generation): Folder => {
    const db = openViewsForWriting(path, JSON.stringify([PROJECTIONS_VERSION, timeZone, generation]));
    const orders = new OrderFolder(db, createDayOf(timeZone));
    const guarded = (work: () => void) => {
      try {
        work();
      } catch (error) {
        const known = toOmsError(error, path);
        if (isOmsError(known, 'store_damaged')) deleteViews(path);
        throw known;
      }
    };
    return {
      get position() {
        return orders.position;
      },
      get uncommitted() {
        return orders.uncommitted;
      },
      fold: (page) => guarded(() => orders.fold(page)),
      commit: () => guarded(() => orders.commit()),
      purge: () => guarded(() => orders.purge()),
      discard() {
        db.close();
        deleteViews(path);
      },
      close: () => db.close(),
    };
  };
