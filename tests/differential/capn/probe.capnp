# SPDX-License-Identifier: MIT OR Apache-2.0
# One struct with a field of every kind that the wire code knows. Only the differential test uses it.
@0xb3f0c1d2a4e59687;

struct Probe {
  low @0 :Bool;
  high @1 :Bool;
  small @2 :UInt8;
  medium @3 :UInt16;
  wide @4 :UInt32;
  long @5 :UInt64;
  signed @6 :Int64;
  text @7 :Text;
  blob @8 :Data;
  child @9 :Probe;
  bits @10 :List(Bool);
  bytes @11 :List(UInt8);
  shorts @12 :List(UInt16);
  words @13 :List(UInt32);
  longs @14 :List(UInt64);
  texts @15 :List(Text);
  blobs @16 :List(Data);
  children @17 :List(Probe);
  voids @18 :List(Void);
}
