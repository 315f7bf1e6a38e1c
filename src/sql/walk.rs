//! A walk over a whole syntax tree that can miss nothing: it goes by the fields that every node declares for
//! serialisation, not by a list of node types that somebody has to keep.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Serializer};

/// Told of everything in a tree, in order.
pub(super) trait Visitor {
    /// A node or one of its parts begins, named as in PostgreSQL's `parsenodes.h`.
    fn enter(&mut self, _kind: &'static str) {}
    fn leave(&mut self) {}
    fn field(&mut self, _name: &'static str) {}
    fn text(&mut self, _text: &str) {}
    /// A number, truth value, enumeration, or the length of a list.
    fn number(&mut self, _number: i128) {}
}

/// Walks one tree, or a part of one.
pub(super) fn walk(tree: &impl Serialize, visitor: &mut impl Visitor) {
    // Every shape that the generated types have is handled; the error type has no value.
    let Ok(()) = tree.serialize(Walker(visitor));
}

struct Walker<'v, V>(&'v mut V);

/// Walking cannot fail.
#[derive(Debug)]
pub(super) enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    fn custom<T: fmt::Display>(message: T) -> Self {
        // Only a hand-written Serialize calls this; the tree's are derived.
        unreachable!("derived serialisation failed: {message}")
    }
}

macro_rules! numbers {
    ($($name:ident: $ty:ty),*) => {
        $(fn $name(self, value: $ty) -> Result<(), Never> {
            self.0.number(i128::from(value));
            Ok(())
        })*
    };
}

impl<'v, V: Visitor> Serializer for Walker<'v, V> {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Parts<'v, V>;
    type SerializeTuple = Parts<'v, V>;
    type SerializeTupleStruct = Parts<'v, V>;
    type SerializeTupleVariant = Parts<'v, V>;
    type SerializeMap = Parts<'v, V>;
    type SerializeStruct = Parts<'v, V>;
    type SerializeStructVariant = Parts<'v, V>;

    numbers!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    );

    fn serialize_f32(self, value: f32) -> Result<(), Never> {
        self.serialize_f64(f64::from(value))
    }
    fn serialize_f64(self, value: f64) -> Result<(), Never> {
        self.0.number(i128::from(value.to_bits()));
        Ok(())
    }
    fn serialize_char(self, value: char) -> Result<(), Never> {
        self.0.number(i128::from(u32::from(value)));
        Ok(())
    }
    fn serialize_str(self, value: &str) -> Result<(), Never> {
        self.0.text(value);
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Never> {
        value.iter().for_each(|byte| self.0.number(i128::from(*byte)));
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Never> {
        self.0.number(-1);
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Never> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Never> {
        Ok(())
    }
    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Never> {
        self.0.enter(name);
        self.0.leave();
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Never> {
        self.serialize_unit_struct(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Never> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Never> {
        value.serialize(self)
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<Parts<'v, V>, Never> {
        self.0.number(len.and_then(|len| i128::try_from(len).ok()).unwrap_or(-1));
        Ok(Parts { visitor: self.0, is_node: false })
    }
    fn serialize_tuple(self, len: usize) -> Result<Parts<'v, V>, Never> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Parts<'v, V>, Never> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        len: usize,
    ) -> Result<Parts<'v, V>, Never> {
        self.serialize_seq(Some(len))
    }
    fn serialize_map(self, len: Option<usize>) -> Result<Parts<'v, V>, Never> {
        self.serialize_seq(len)
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Parts<'v, V>, Never> {
        self.0.enter(name);
        Ok(Parts { visitor: self.0, is_node: true })
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Parts<'v, V>, Never> {
        self.serialize_struct(variant, len)
    }
}

pub(super) struct Parts<'v, V> {
    visitor: &'v mut V,
    is_node: bool,
}

impl<V: Visitor> Parts<'_, V> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        value.serialize(Walker(&mut *self.visitor))
    }

    fn done(self) -> Result<(), Never> {
        if self.is_node {
            self.visitor.leave();
        }
        Ok(())
    }
}

macro_rules! lists {
    ($($of:ident: $method:ident),*) => {
        $(impl<V: Visitor> ser::$of for Parts<'_, V> {
            type Ok = ();
            type Error = Never;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
                self.part(value)
            }
            fn end(self) -> Result<(), Never> {
                self.done()
            }
        })*
    };
}

lists!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

macro_rules! structs {
    ($($of:ident),*) => {
        $(impl<V: Visitor> ser::$of for Parts<'_, V> {
            type Ok = ();
            type Error = Never;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Never> {
                self.visitor.field(name);
                self.part(value)
            }
            fn end(self) -> Result<(), Never> {
                self.done()
            }
        })*
    };
}

structs!(SerializeStruct, SerializeStructVariant);

impl<V: Visitor> ser::SerializeMap for Parts<'_, V> {
    type Ok = ();
    type Error = Never;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Never> {
        self.part(key)
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Never> {
        self.part(value)
    }
    fn end(self) -> Result<(), Never> {
        self.done()
    }
}
