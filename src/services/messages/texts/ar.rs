//! العربية. Amounts and dates come in isolated, so that they keep their order.
use super::Texts;

pub const TEXTS: Texts = Texts {
    hello: |name| format!("مرحبًا {name}،"),
    hello_plain: "مرحبًا،",

    for_: "مقابل",
    amount: "المبلغ",
    paid: "المدفوع",
    reference: "المرجع",
    paid_with: "الدفع عبر",
    code: "الرمز",
    receipt_number: "رقم الإيصال",
    date: "التاريخ",
    pay_by: "ادفع قبل",
    left: "المتبقي للدفع",
    given_back: "المُعاد",
    merchant_says: "ما يقوله التاجر",
    plan: "الاشتراك",
    ends: "ينتهي",

    receipt_subject: |amount, merchant| format!("إيصال: {amount} إلى {merchant}"),
    receipt_body: |merchant| format!("وصلت دفعتك إلى {merchant}. شكرًا لك."),
    see_receipt: "عرض الإيصال",
    receipt_sms: |amount, merchant, number| {
        format!("{merchant}: وصلنا {amount}، شكرًا لك. الإيصال {number}:")
    },

    request_subject: |amount, merchant| format!("يرجى دفع {amount} إلى {merchant}"),
    request_body: |merchant, amount| {
        format!("يطلب منك {merchant} دفع {amount}. لن يُخصم شيء قبل تأكيدك.")
    },
    pay_now: "ادفع الآن",
    request_sms: |amount, merchant| format!("يطلب منك {merchant} دفع {amount}. ادفع هنا:"),

    reminder_subject: |amount, merchant| format!("تذكير: {amount} إلى {merchant}"),
    reminder_body: |merchant, amount, day| format!("يذكّرك {merchant} بدفع {amount} قبل {day}."),
    reminder_late_body: |merchant, amount, day| {
        format!("يذكّرك {merchant} بأن {amount} كان مستحقًا قبل {day}.")
    },
    reminder_paid: "إذا كنت قد دفعت في هذه الأثناء فلا حاجة إلى شيء.",

    rejected_subject: |merchant| format!("تعذّر على {merchant} قبول إثباتك"),
    rejected_body: |merchant, amount| {
        format!("راجع {merchant} إثبات دفعك لمبلغ {amount} وتعذّر قبوله.")
    },
    rejected_next: "إن كنت قد دفعت فمالك لم يضع: أرسل إثباتًا آخر أو اسأل التاجر.",
    pay_or_send: "ادفع أو أرسل إثباتًا آخر",

    more_subject: |merchant| format!("يحتاج {merchant} إلى المزيد عن دفعتك"),
    more_body: |merchant, amount| {
        format!("راجع {merchant} إثبات دفعك لمبلغ {amount} ويحتاج إلى معرفة المزيد.")
    },
    send_more: "أرسل ما ينقص",

    refund_subject: |amount, merchant| format!("أعاد إليك {merchant} مبلغ {amount}"),
    refund_body: |amount, merchant| {
        format!("أعاد إليك {merchant} مبلغ {amount} بالطريقة التي دفعت بها.")
    },
    refund_next: "قد تحتاج البنوك وشركات البطاقات إلى بضعة أيام لإظهاره.",

    renewal_subject: |plan, day| format!("ينتهي {plan} في {day}"),
    renewal_body: |plan, merchant, day| {
        format!("ينتهي اشتراكك {plan} لدى {merchant} في {day}. ادفع لتبقيه.")
    },
    renewal_late_subject: |plan, day| format!("انتهى {plan} في {day}"),
    renewal_late_body: |plan, merchant, day| {
        format!("انتهى اشتراكك {plan} لدى {merchant} في {day}. ادفع قريبًا لتبقيه.")
    },
    renew_now: "جدّد الآن",

    questions: |merchant, contact| format!("لديك سؤال؟ اسأل {merchant}: {contact}"),
    no_answer: |merchant| format!("وصلتك هذه الرسالة بسبب دفعة إلى {merchant}."),
    no_secrets: "لن يطلب منك أحد رقمًا سريًا أو كلمة مرور أو رقم بطاقة في رسالة.",
};
