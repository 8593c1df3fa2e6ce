/** Whether an address to listen on can be reached only from this machine. */
export const isLoopback = (address: string): boolean =>
  ['localhost', '::1', '[::1]'].includes(address) || /^127(\.\d{1,3}){3}$/.test(address);
