/** The words of the frame around every view, and of the parts that several views share. */
export const product = 'OMS';

export const frame = {
  skip: 'Skip to the content',
  navigation: 'Main',
  files: 'Files',
  orders: 'Orders',
  formats: 'Formats',
  inventory: 'Inventory',
  dashboard: 'Dashboard',
  live: 'Live events',
  keys: 'Keys',
  audit: 'Audit log',
  toDark: 'Use the dark theme',
  toLight: 'Use the light theme',
  toSystem: 'Use the system theme',
  nothingHereTitle: 'Page not found',
  nothingHere: 'There is no page at this address. It may be mistyped, or come from an old link.',
  toFiles: 'Go to the files',
  problemTitle: 'This view could not be shown',
  tryAgain: 'Try again',
  loading: 'Loading…',
  more: 'Show more',
  becomes: 'becomes',
};

export const connection = {
  lost: 'The service cannot be reached since',
  resumes: 'Nothing is lost: this page continues when the service is back.',
  notLoaded: 'The service was updated, or the connection broke.',
  reload: 'Reload the page',
  unreachable: 'The service cannot be reached. This view loads when it is back.',
};

export const copy = { copy: 'Copy', copied: 'Copied', failed: 'Copying failed' };

export const dialog = { close: 'Close' };

export const list = {
  clear: 'Clear all',
  pages: 'Pages',
};
