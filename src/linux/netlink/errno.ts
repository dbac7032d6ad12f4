/** What the kernel answers when it does not do something, as ip(8) would put it. Pure. */

/** errno(3): numbers that all machines on which Bun runs have in common, and the words of strerror(3). */
const errors: Readonly<Record<number, readonly [name: string, words: string]>> = {
  1: ['EPERM', 'Operation not permitted'],
  2: ['ENOENT', 'No such file or directory'],
  3: ['ESRCH', 'No such process'],
  6: ['ENXIO', 'No such device or address'],
  7: ['E2BIG', 'Argument list too long'],
  11: ['EAGAIN', 'Resource temporarily unavailable'],
  12: ['ENOMEM', 'Cannot allocate memory'],
  13: ['EACCES', 'Permission denied'],
  16: ['EBUSY', 'Device or resource busy'],
  17: ['EEXIST', 'File exists'],
  19: ['ENODEV', 'No such device'],
  22: ['EINVAL', 'Invalid argument'],
  24: ['EMFILE', 'Too many open files'],
  28: ['ENOSPC', 'No space left on device'],
  34: ['ERANGE', 'Numerical result out of range'],
  40: ['ELOOP', 'Too many levels of symbolic links'],
  54: ['EXFULL', 'Exchange full'],
  75: ['EOVERFLOW', 'Value too large for defined data type'],
  90: ['EMSGSIZE', 'Message too long'],
  93: ['EPROTONOSUPPORT', 'Protocol not supported'],
  95: ['EOPNOTSUPP', 'Operation not supported'],
  97: ['EAFNOSUPPORT', 'Address family not supported by protocol'],
  98: ['EADDRINUSE', 'Address already in use'],
  99: ['EADDRNOTAVAIL', 'Cannot assign requested address'],
  100: ['ENETDOWN', 'Network is down'],
  101: ['ENETUNREACH', 'Network is unreachable'],
  105: ['ENOBUFS', 'No buffer space available'],
  111: ['ECONNREFUSED', 'Connection refused'],
  113: ['EHOSTUNREACH', 'No route to host'],
}

export const errnoName = (errno: number) => errors[errno]?.[0] ?? `errno ${errno}`

/** The kernel said no, or could not be asked. */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError'

  /**
   * @param errno as errno(3) has it; 0 if it is none of the kernel's
   * @param words what the kernel said of it besides
   */
  constructor(
    readonly errno: number,
    readonly words = '',
  ) {
    super([words, errno ? (errors[errno]?.[1] ?? `errno ${errno}`) : ''].filter(Boolean).join(': '))
  }
}
