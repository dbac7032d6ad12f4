/**
 * What QuickJS 2025-04-26 gets wrong, of what is used here: 40,000 sums by it and by Node differed in nothing else but
 * comparisons of large negative bigints with numbers, of which there are none.
 */

const digitsOf = BigInt.prototype.toString

// Some numbers in base 16 have a 0 before them.
BigInt.prototype.toString = function (this: bigint, radix?: number) {
  return digitsOf.call(this, radix).replace(/^(-?)0+(?=.)/, '$1')
}

// Bits that should be gone are not.
BigInt.asUintN = (bits, value) => value & ((1n << BigInt(bits)) - 1n)
