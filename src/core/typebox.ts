// What schemas are built with. TypeBox's own `Type` holds everything that it has, and whoever imports it
// loads all of that, at each start.
export {
  Array,
  Boolean,
  Integer,
  Literal,
  Null,
  Number,
  Object,
  Optional,
  Record,
  String,
  Union,
  Unknown,
  Unsafe,
} from "@sinclair/typebox"
