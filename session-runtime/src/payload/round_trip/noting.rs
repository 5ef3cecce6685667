//! A serializer that passes everything on, and notes what JSON leaves out at any depth.

use std::fmt::Display;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::pass::Pass;

/// Wraps a serializer, the compounds that it opens, and each value in them.
pub(super) struct Noting<'p, S> {
    inner: S,
    pass: &'p Pass,
    in_some: bool,
}

impl<'p, S> Noting<'p, S> {
    pub(super) fn new(inner: S, pass: &'p Pass) -> Self {
        Self {
            inner,
            pass,
            in_some: false,
        }
    }

    /// A value inside this one.
    fn part<'v, T: ?Sized>(&self, value: &'v T) -> Noting<'p, &'v T> {
        Noting::new(value, self.pass)
    }
}

impl<T: Serialize + ?Sized> Serialize for Noting<'_, &T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(Noting {
            inner: serializer,
            pass: self.pass,
            in_some: self.in_some,
        })
    }
}

impl<S: Serializer> Noting<'_, S> {
    fn note_null(&self) -> Result<(), S::Error> {
        if self.in_some {
            self.pass.some_null()?;
        }
        Ok(())
    }
}

macro_rules! passed_on {
    ($($method:ident($value:ty))+) => {
        $(fn $method(self, value: $value) -> Result<S::Ok, S::Error> {
            self.inner.$method(value)
        })+
    };
}

macro_rules! opened {
    ($($method:ident($($argument:ident: $type:ty),+) -> $Compound:ident $([names $variant:ident])?)+) => {
        $(fn $method(self, $($argument: $type),+) -> Result<Self::$Compound, S::Error> {
            $(self.pass.name($variant);)?
            let opened = self.inner.$method($($argument),+)?;
            Ok(Noting::new(opened, self.pass))
        })+
    };
}

impl<'p, S: Serializer> Serializer for Noting<'p, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Noting<'p, S::SerializeSeq>;
    type SerializeTuple = Noting<'p, S::SerializeTuple>;
    type SerializeTupleStruct = Noting<'p, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Noting<'p, S::SerializeTupleVariant>;
    type SerializeMap = Noting<'p, S::SerializeMap>;
    type SerializeStruct = Noting<'p, S::SerializeStruct>;
    type SerializeStructVariant = Noting<'p, S::SerializeStructVariant>;

    passed_on! {
        serialize_bool(bool)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_char(char) serialize_str(&str) serialize_bytes(&[u8])
    }

    opened! {
        serialize_seq(len: Option<usize>) -> SerializeSeq
        serialize_tuple(len: usize) -> SerializeTuple
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeTupleVariant [names variant]
        serialize_map(len: Option<usize>) -> SerializeMap
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> SerializeStructVariant [names variant]
    }

    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        self.pass.float::<S::Error>(value.into())?;
        self.inner.serialize_f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        self.pass.float::<S::Error>(value)?;
        self.inner.serialize_f64(value)
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.note_null()?;
        self.inner.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let mut value = self.part(value);
        value.in_some = true;
        self.inner.serialize_some(&value)
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.note_null()?;
        self.inner.serialize_unit()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        self.note_null()?;
        self.inner.serialize_unit_struct(name)
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let mut value = self.part(value);
        value.in_some = self.in_some;
        self.inner.serialize_newtype_struct(name, &value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.pass.name(variant);
        let value = self.part(value);
        self.inner
            .serialize_newtype_variant(name, index, variant, &value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! elements {
    ($($Compound:ident $method:ident)+) => {
        $(impl<S: $Compound> $Compound for Noting<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                let value = self.part(value);
                self.inner.$method(&value)
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        })+
    };
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($Compound:ident)+) => {
        $(impl<S: $Compound> $Compound for Noting<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), S::Error> {
                self.pass.name(name);
                let value = self.part(value);
                self.inner.serialize_field(name, &value)
            }

            fn skip_field(&mut self, name: &'static str) -> Result<(), S::Error> {
                self.inner.skip_field(name)
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.inner.end()
            }
        })+
    };
}

fields! { SerializeStruct SerializeStructVariant }

impl<S: SerializeMap> SerializeMap for Noting<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.inner.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        let value = self.part(value);
        self.inner.serialize_value(&value)
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), S::Error> {
        let value = self.part(value);
        self.inner.serialize_entry(key, &value)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}
