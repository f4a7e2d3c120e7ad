# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The interface of the adder service.
@0xd3a1f4b0c6e27591;

interface Adder {
  # Authority: let the service add, and use the caller's own running total.

  add @0 (a :Int64, b :Int64) -> (sum :Int64);
    # The sum. One that does not fit: invalidArgument.

  accumulate @1 (value :Int64) -> (total :Int64);
    # Adds to the total of this capability and returns it.

  total @2 () -> (total :Int64, calls :UInt64);
    # The total of this capability, and how many values went into it.
}
