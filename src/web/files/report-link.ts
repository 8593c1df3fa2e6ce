/** Where a report is. With a byte order mark Excel reads it as UTF-8 in every country. */
export const reportLink = (name: string): string => `/invalid-files/${encodeURIComponent(name)}?bom=true`;

/** The same as a workbook: the wrong cells coloured, with the reasons as notes. */
export const workbookLink = (name: string): string => `/invalid-files/${encodeURIComponent(name)}?as=xlsx`;
