/** Keys of objects that the server writes. They are made by it, and checked all the same: none can leave its folder. */
export const OWN_KEY = /^(uploads|reports)\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}$/;
