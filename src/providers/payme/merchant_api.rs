//! Payme's Merchant API on the wire: what Payme asks us, read in the order of checks that its
//! documentation fixes, and how we answer. No I/O, no rules of money: `services::payme` has those.
//! Facts: developer.help.paycom.uz, "Protokol Merchant API" and "Metody Merchant API".
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq;

#[cfg(test)]
mod tests;

/// The login that Payme sends beside the key.
const LOGIN: &str = "Paycom";
/// Payme's transaction ids have 24 characters; longer ones than this are none.
const ID_CHARS: usize = 64;

/// A request whose sender is not known yet.
#[derive(Debug)]
pub struct Envelope {
    /// Echoed in the answer.
    pub id: Value,
    body: Value,
}

/// What Payme asks. Amounts are tiyin, times Unix milliseconds.
#[derive(Clone, Debug)]
pub enum Asked {
    CheckPerform {
        amount: i64,
        account: Map<String, Value>,
    },
    Create {
        id: String,
        time: i64,
        amount: i64,
        account: Map<String, Value>,
    },
    Perform {
        id: String,
    },
    Cancel {
        id: String,
        reason: i64,
    },
    Check {
        id: String,
    },
    Statement {
        from: i64,
        to: i64,
    },
    SetFiscalData {
        id: String,
        /// `PERFORM` or `CANCEL`.
        kind: String,
        data: Value,
    },
    /// `None` where the password is missing or empty.
    ChangePassword {
        password: Option<SecretString>,
    },
}

impl Asked {
    /// Whether it changes nothing.
    pub fn only_reads(&self) -> bool {
        matches!(self, Self::CheckPerform { .. } | Self::Statement { .. })
    }
}

/// An error of the protocol. Payme shows the message of account errors to the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: i64,
    /// Russian, Uzbek, English.
    message: [&'static str; 3],
    data: Option<String>,
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $ru:literal, $uz:literal, $en:literal;)*) => {
        impl Refused {$(
            $(#[$doc])*
            pub const fn $name() -> Self {
                Self { code: $code, message: [$ru, $uz, $en], data: None }
            }
        )*}
    };
}

refusals! {
    not_post = -32300, "Запрос должен быть методом POST",
        "So'rov POST usulida bo'lishi kerak", "The request must be a POST";
    not_json = -32700, "Не удалось разобрать JSON", "JSON o'qib bo'lmadi",
        "The JSON cannot be parsed";
    no_privilege = -32504, "Недостаточно привилегий для выполнения метода",
        "Usulni bajarish uchun huquq yetarli emas", "Insufficient privileges for this method";
    /// `data` names the field.
    invalid = -32600, "Отсутствуют обязательные поля или тип полей неверен",
        "Majburiy maydonlar yo'q yoki maydon turi noto'g'ri",
        "A required field is missing or has a wrong type";
    unknown_method = -32601, "Запрашиваемый метод не найден", "So'ralgan usul topilmadi",
        "The method is not known";
    /// Our own failure: Payme asks again.
    internal = -32400, "Внутренняя ошибка системы", "Tizimning ichki xatosi", "Internal error";
    /// `SetFiscalData` without its data. The code is that of public code.
    no_fiscal_data = -32602, "Неверные фискальные данные", "Fiskal ma'lumotlar noto'g'ri",
        "The fiscal data are missing or wrong";
    wrong_amount = -31001, "Неверная сумма", "Noto'g'ri summa", "Wrong amount";
    transaction_not_found = -31003, "Транзакция не найдена", "Tranzaksiya topilmadi",
        "Transaction not found";
    cannot_cancel = -31007, "Невозможно отменить транзакцию: возврат уже сделан",
        "Tranzaksiyani bekor qilib bo'lmaydi: pul allaqachon qaytarilgan",
        "The transaction cannot be cancelled: money has gone back already";
    cannot_perform = -31008, "Невозможно выполнить данную операцию",
        "Ushbu amalni bajarib bo'lmaydi", "This operation cannot be done";
    account_not_found = -31050, "Заказ не найден", "Buyurtma topilmadi", "Order not found";
    account_paid = -31051, "Заказ уже оплачен", "Buyurtma allaqachon to'langan",
        "The order is already paid";
    account_closed = -31052, "Заказ отменён", "Buyurtma bekor qilingan",
        "The order was cancelled";
    account_expired = -31053, "Срок оплаты заказа истёк", "Buyurtmani to'lash muddati tugagan",
        "The time to pay the order is over";
    account_busy = -31054, "По заказу уже проводится платёж",
        "Buyurtma bo'yicha to'lov bajarilmoqda", "A payment of the order is under way";
    account_changed = -31055, "Сумма к оплате изменилась", "To'lov summasi o'zgargan",
        "What is left to pay has changed";
    /// `ChangePassword` without a password, as the official PHP template answers.
    no_password = -31050, "Новый пароль не указан", "Yangi parol ko'rsatilmagan",
        "The new password is missing";
}

impl Refused {
    /// The same with `data`: the field at fault, or the method's name.
    #[must_use]
    pub fn about(self, data: impl Into<String>) -> Self {
        let data = Some(data.into());
        Self { data, ..self }
    }

    /// For the row of the hook.
    pub fn words(&self) -> String {
        format!("{} {}", self.code, self.message[2])
    }
}

/// The answer that says something. Payme wants HTTP 200 for every one.
pub fn said(id: &Value, result: &Value) -> String {
    json!({ "result": result, "id": id }).to_string()
}

/// The answer that refuses.
pub fn refused(id: &Value, why: &Refused) -> String {
    let [ru, uz, en] = why.message;
    let error = json!({
        "code": why.code,
        "message": { "ru": ru, "uz": uz, "en": en },
        "data": why.data,
    });
    json!({ "error": error, "id": id }).to_string()
}

/// Whether the `Authorization` header carries the key: `Basic` of `Paycom:KEY`, split at the first
/// colon, for keys hold punctuation. Compared in constant time; no key, no entry.
pub fn authorized(header: Option<&str>, key: Option<&SecretString>) -> bool {
    let engine = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let given = header
        .and_then(|h| h.trim().split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, encoded)| engine.decode(encoded.trim()).ok());
    let (Some(given), Some(key)) = (given, key) else {
        return false;
    };
    let key = key.expose_secret().as_bytes();
    let Some(colon) = given.iter().position(|b| *b == b':') else {
        return false;
    };
    let (login, password) = (&given[..colon], &given[colon + 1..]);
    let fits = login.ct_eq(LOGIN.as_bytes()) & password.ct_eq(key);
    bool::from(fits) && !key.is_empty()
}

impl Envelope {
    /// The first check: the body is JSON, whatever the content type says (Payme sends
    /// `text/json`).
    ///
    /// # Errors
    /// -32700.
    pub fn open(body: &[u8]) -> Result<Self, Refused> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refused::not_json())?;
        let id = body.get("id").cloned().unwrap_or(Value::Null);
        Ok(Self { id, body })
    }

    pub fn method(&self) -> &str {
        self.body["method"].as_str().unwrap_or_default()
    }

    /// The body as it is kept: a new key is not for the books.
    pub fn without_password(&self) -> Option<Value> {
        let mut body = self.body.clone();
        let password = body.get_mut("params")?.get_mut("password")?;
        *password = "[redacted]".into();
        Some(body)
    }

    /// The checks after the sender's: the fields, then the method, then the method's own fields.
    ///
    /// # Errors
    /// -32600 and -32601; `data` names what is at fault.
    pub fn read(&self) -> Result<Asked, Refused> {
        let invalid = |field: &str| Refused::invalid().about(field);
        let body = self.body.as_object().ok_or_else(Refused::invalid)?;
        if matches!(self.id, Value::Array(_) | Value::Object(_) | Value::Bool(_)) {
            return Err(invalid("id"));
        }
        let method = body.get("method").and_then(Value::as_str);
        let method = method.ok_or_else(|| invalid("method"))?;
        let none = Map::new();
        let params = match body.get("params") {
            None | Some(Value::Null) => &none,
            Some(Value::Object(params)) => params,
            Some(_) => return Err(invalid("params")),
        };
        let id = || transaction_id(params).ok_or_else(|| invalid("id"));
        let integer = |field: &str| {
            let number = params.get(field).and_then(Value::as_i64);
            number.ok_or_else(|| invalid(field))
        };
        let account = || {
            let account = params.get("account").and_then(Value::as_object);
            account.cloned().ok_or_else(|| invalid("account"))
        };
        Ok(match method {
            "CheckPerformTransaction" => Asked::CheckPerform {
                amount: integer("amount")?,
                account: account()?,
            },
            "CreateTransaction" => Asked::Create {
                id: id()?,
                time: integer("time")?,
                amount: integer("amount")?,
                account: account()?,
            },
            "PerformTransaction" => Asked::Perform { id: id()? },
            "CancelTransaction" => Asked::Cancel {
                id: id()?,
                reason: integer("reason")?,
            },
            "CheckTransaction" => Asked::Check { id: id()? },
            "GetStatement" => Asked::Statement {
                from: integer("from")?,
                to: integer("to")?,
            },
            "SetFiscalData" => fiscal(id()?, params)?,
            "ChangePassword" => Asked::ChangePassword {
                password: password(params)?,
            },
            other => {
                let name: String = other.chars().take(80).collect();
                return Err(Refused::unknown_method().about(name));
            }
        })
    }
}

fn transaction_id(params: &Map<String, Value>) -> Option<String> {
    let id = params.get("id")?.as_str()?;
    let fits = !id.is_empty() && id.len() <= ID_CHARS && id.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| id.to_owned())
}

fn fiscal(id: String, params: &Map<String, Value>) -> Result<Asked, Refused> {
    let kind = params.get("type").and_then(Value::as_str);
    let kind = kind.filter(|k| matches!(*k, "PERFORM" | "CANCEL"));
    let kind = kind.ok_or_else(|| Refused::invalid().about("type"))?;
    let data = params.get("fiscal_data").filter(|d| d.is_object());
    let data = data.ok_or_else(|| Refused::no_fiscal_data().about("fiscal_data"))?;
    Ok(Asked::SetFiscalData {
        id,
        kind: kind.to_owned(),
        data: data.clone(),
    })
}

fn password(params: &Map<String, Value>) -> Result<Option<SecretString>, Refused> {
    match params.get("password") {
        None | Some(Value::Null) => Ok(None),
        // What no settings form would keep is no key.
        Some(Value::String(p)) if p.len() > 4_000 || p.chars().any(char::is_control) => {
            Err(Refused::invalid().about("password"))
        }
        Some(Value::String(p)) => {
            let p = p.trim();
            Ok((!p.is_empty()).then(|| p.into()))
        }
        Some(_) => Err(Refused::invalid().about("password")),
    }
}

/// The account value that names the payment: text, or a number that Payme was given as text.
pub fn account_value(account: &Map<String, Value>, field: &str) -> Option<String> {
    match account.get(field)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
