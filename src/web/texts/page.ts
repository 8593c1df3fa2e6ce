/** The words of the frame around every view, and of the parts that several views share. */
export const product = 'OMS';

export const frame = {
  skip: 'Skip to the content',
  navigation: 'Main',
  files: 'Files',
  orders: 'Orders',
  inventory: 'Inventory',
  dashboard: 'Dashboard',
  live: 'Live events',
  toDark: 'Use the dark theme',
  toLight: 'Use the light theme',
  toSystem: 'Use the theme of the system',
  nothingHereTitle: 'Nothing here',
  nothingHere: 'This address has no view. It may be mistyped, or come from an older link.',
  toFiles: 'Go to the files',
  problemTitle: 'This view could not be shown',
  tryAgain: 'Try again',
  loading: 'Loading…',
  more: 'Show more',
};

export const connection = {
  lost: 'The service cannot be reached since',
  goesOn: 'Nothing is lost: this page goes on by itself when the service is back.',
  notLoaded: 'The service was updated, or its answer was lost on the way.',
  reload: 'Load the page again',
  unreachable: 'The service cannot be reached. This view goes on by itself when it is back.',
};

export const copy = { copy: 'Copy', copied: 'Copied', failed: 'Copying failed' };

export const dialog = { close: 'Close' };

export const list = {
  clear: 'Clear all',
  pages: 'Pages',
};
