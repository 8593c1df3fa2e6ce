/** Where a report is. With a byte order mark Excel reads it as UTF-8 in every country. */
export const reportLink = (name: string): string => `/invalid-files/${encodeURIComponent(name)}?bom=true`;
