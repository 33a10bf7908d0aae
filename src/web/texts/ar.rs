//! العربية. Numbers, codes and Latin names come in isolated, so that they keep their order.
use super::{
    Facts, FailureText, How, InputCode, MockOutcome, Outcome, Sentence, Texts, failed, say,
};
use crate::domain::method::{Method, MethodGroup};
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::payment::{FailureCode, Flag, PaymentStatus};
use crate::domain::proof::ProofStatus;

const OTHER: &str = "أو ادفع بطريقة أخرى.";

pub const TEXTS: Texts = Texts {
    language: "اللغة",
    error_title: |what| format!("خطأ: {what}"),
    test_mode: "وضع الاختبار",
    test_note: "ما يُدفع هنا لا يُحتسب",
    test_tag: "اختبار",
    test_prefix: "[اختبار]",
    test_mark: "اختبار",
    test_button: |button| format!("{button} (اختبار)"),
    ask_merchant: |merchant| format!("لديك سؤال عن هذا الدفع؟ اسأل {merchant}"),
    email: "بريد إلكتروني",
    kind,
    pay_by: "ادفع قبل",
    left_to_pay: "المتبقي للدفع",
    paid_so_far: "المدفوع حتى الآن",
    part_of: |n, of| format!("الدفعة {n} من {of}"),
    next_part: "الدفعة التالية",
    amount_by: |amount, day| format!("{amount} قبل {day}"),
    pay_whole: |amount| format!("ادفع {amount} مرة واحدة"),
    pay_part: |amount| format!("ادفع هذه الدفعة فقط، {amount}"),

    pay_title: |amount, merchant| format!("ادفع {amount} إلى {merchant}"),
    how_pay: "كيف تودّ أن تدفع؟",
    group,
    method_name,
    method_hint,
    recommended: "موصى بها",
    fee: |amount| format!("مع رسوم تقارب {amount}"),
    fee_some: "مع رسوم مزوّد الدفع",
    continue_: "متابعة",
    nothing_taken_yet: "لم يُخصم شيء بعد. تؤكد في الخطوة التالية.",
    test_stays_unpaid: "وضع الاختبار: يبقى ما عليك غير مدفوع.",
    return_unpaid: "العودة من دون دفع",
    nothing_offered: "لا يمكن الدفع هنا حاليًا",
    nothing_offered_next: "لا توجد طريقة دفع تناسب هذا المبلغ وهذه العملة. لم يُخصم شيء. يرجى سؤال التاجر.",
    test_data: |provider| format!("بيانات اختبار {provider}"),
    test_use: |provider| format!("اكتبها في صفحة {provider} أو رقمًا لهاتفك"),
    test_others: "ما يُرفض ونتائج أخرى",
    simulator_only: "تعمل في المحاكي فقط",
    outcome,

    pay_with: |provider| format!("ادفع عبر {provider}"),
    phone_label: |provider| format!("رقمك في {provider}"),
    phone_hint: |_| "الرقم الذي يُدفع منه".to_owned(),
    email_label: "بريدك الإلكتروني",
    email_hint: |provider| format!("يرسل {provider} إيصاله إليه"),
    send_prompt: "أرسل الطلب إلى هاتفي",
    comma: "،",
    pin_hint: "اكتب رقمك السري على هاتفك فقط، ولا تكتبه أبدًا في صفحة ويب.",
    next_title: "ما الذي يحدث بعد ذلك",
    prompt_steps: |provider| {
        [
            "يظهر طلب الدفع على ذلك الهاتف.".to_owned(),
            format!("تكتب فيه رقمك السري في {provider}."),
            "يظهر إيصالك هنا.".to_owned(),
        ]
    },
    page_steps: |provider| {
        [
            format!("تنتقل إلى صفحة {provider}."),
            "تدفع هناك.".to_owned(),
            "تعود، فيظهر إيصالك هنا.".to_owned(),
        ]
    },
    other_ways: "طرق دفع أخرى",
    ways_left: |ways| format!("يمكنك أيضًا الدفع عبر: {ways}."),
    go_to_page: |provider| format!("انتقل إلى صفحة {provider}"),

    look_title: |provider, amount| format!("انظر إلى هاتفك: {provider}، {amount}"),
    look_phone: "انظر إلى هاتفك",
    type_pin: |provider, phone| format!("اكتب رقمك السري في {provider} على الهاتف {phone}."),
    prompt_picture: "هكذا يبدو الطلب",
    prompt_pay: |amount, merchant| format!("هل تدفع {amount} إلى {merchant}؟"),
    prompt_pin: |provider| format!("الرقم السري في {provider}:"),
    other_prompt: "هل ترى اسمًا أو مبلغًا آخر على هاتفك؟ إذن لا تكتب رقمك السري.",
    step_sent: "أُرسل الطلب",
    step_phone: "على هاتفك",
    step_pin: "بانتظار رقمك السري",
    step_page: |provider| format!("في صفحة {provider}"),
    step_confirms: |provider| format!("تأكيد {provider}"),
    step_done: "تم، مع الإيصال",
    step_asked: |time| format!("سألنا مجددًا {time}"),
    auto_check: "تتحقق هذه الصفحة بنفسها كل 5 ثوانٍ. يمكنك إغلاقها: الرابط نفسه يُظهر ما حدث.",
    no_auto_check: "لم تعد هذه الصفحة تتحقق بنفسها. اضغط الزر لتسأل مجددًا. يمكنك إغلاقها: الرابط نفسه يُظهر ما حدث.",
    nothing_on_phone: "لا شيء على هاتفك؟",
    phone_tips: |phone| {
        [
            "شغّل الشاشة. يبقى الطلب نحو دقيقة.".to_owned(),
            format!("يجب أن تكون شريحة {phone} في هذا الهاتف وأن تلتقط الشبكة."),
            "إن لم يصل الطلب أخبرتك هذه الصفحة، وعندها يمكنك إرساله مجددًا.".to_owned(),
        ]
    },
    check_now: "تحقق الآن",
    page_title: |provider| format!("أكمل الدفع في صفحة {provider}"),
    page_body: |provider, amount| {
        format!("إن كنت قد دفعت {amount} فانتظر هنا: يخبرنا {provider} فيظهر ذلك في هذه الصفحة.")
    },
    unknown_title: "انتظر من فضلك، ولا تدفع مرة أخرى",
    unknown_body: |provider, amount| {
        format!(
            "لم يخبرنا {provider} بعد هل انتقل مبلغ {amount}. نواصل السؤال، ويصل الجواب إلى هذه الصفحة."
        )
    },
    message_question: |provider| format!("هل أرسل إليك {provider} رسالة بأنك دفعت؟"),
    message_yes: "نعم: إذن تم الدفع. سيظهر هنا ولو بعد ساعات.",
    message_no: "لا: تحقق هنا أولًا قبل أن تجرب طريقة أخرى.",
    mismatch_title: "انتظر من فضلك، هناك من يتحقق",
    mismatch_body: |provider, merchant| {
        format!("أبلغنا {provider} بغير ما طلبناه. يراجعه {merchant} الآن. لا تدفع مرة أخرى.")
    },

    by_hand_title,
    send_money: "1. أرسل المال",
    show_us: "2. أرنا أنك دفعت",
    copy_hint: "اضغط مطولًا على القيمة لنسخها.",
    bank: "البنك",
    branch: "الفرع",
    account_name: "اسم الحساب",
    account_number: "رقم الحساب",
    mobile_name: "الاسم على الحساب",
    mobile_number: "رقم محفظة الهاتف",
    amount_exact: "المبلغ بالضبط",
    reason: "سبب الدفع",
    from_merchant: |merchant| format!("من {merchant}"),
    cash_body: |amount, merchant| format!("جهّز {amount}. تدفع نقدًا إلى {merchant}."),
    cash_proof: "دفعت بالفعل؟ أخبرنا، مع صورة للإيصال الورقي إن وُجد.",
    what_have: "ماذا لديك؟",
    have_photo: "صورة",
    have_sms: "نص رسالة",
    have_number: "رقم",
    photo_label: "صورة الإيصال أو لقطة الشاشة",
    photo_hint: "JPG أو PNG أو PDF، حتى 8 ميغابايت. لتظهر الزوايا الأربع.",
    sms_label: "رسالة الدفع القصيرة",
    sms_hint: "افتح الرسالة وانسخها كلها والصقها هنا.",
    ref_label: "رقم العملية",
    ref_hint: "من الإيصال أو الرسالة، مثل \u{2066}FT26324K8LQ\u{2069}",
    note_label: "ملاحظة إن أردت",
    send_proof: "أرسل الإثبات",
    checked_within: |limit| match limit {
        Some(count) => format!("يراجعه موظف، غالبًا خلال {}.", hours(count)),
        None => "يراجعه موظف.".to_owned(),
    },

    pay_by_way: |way| format!("ادفع عبر {way}"),
    way_instead: |way| format!("ادفع عبر {way} بدلًا من ذلك"),
    till_way: |provider| format!("{provider} Till"),
    till_note: |merchant| {
        format!("رقم الصندوق لا يطلب رقم حساب: يجد {merchant} دفعتك من المبلغ المضبوط.")
    },
    business_number: "رقم الشركة",
    till_number: "رقم الصندوق",
    simple_phone: "بلا إنترنت، أو هاتف بسيط؟",
    dial: "اطلب",
    then_pin: "ثم رقمك السري PIN",
    have_paid: "دفعت: تحقق الآن",
    seen_soon: "ونحن نراها بأنفسنا أيضًا، غالبًا خلال دقيقة.",
    not_shown: "دفعت، لكنها لا تظهر",
    not_shown_body: |merchant| {
        format!(
            "احتفظ بالرسالة القصيرة ولا تدفع مرة أخرى. برمزها يجد {merchant} دفعتك، حتى لو كان حرف من رقم الحساب خطأ."
        )
    },

    proof_sent_title: "وصلنا إثباتك",
    proof_sent_body: |limit| match limit {
        Some(count) => format!(
            "سيراجعه موظف، غالبًا خلال {}. لا حاجة إلى إرساله مجددًا.",
            hours(count)
        ),
        None => "سيراجعه موظف. لا حاجة إلى إرساله مجددًا.".to_owned(),
    },
    step_proof_sent: "أُرسل الإثبات",
    step_proof_waits: "بانتظار المراجعة",
    step_proof_checking: "قيد المراجعة",
    since: |time| format!("منذ {time}"),
    step_answer: "الجواب، مع الإيصال",
    keep_link: "احتفظ بهذا الرابط: يظهر الجواب هنا.",
    what_you_sent: "ما أرسلته",
    proof_word: "الإثبات",
    note_word: "ملاحظة",
    file_photo: |size| format!("صورة، {size}"),
    file_pdf: |size| format!("ملف PDF، {size}"),
    review_title: "إثباتك قيد المراجعة",
    review_body: |merchant| format!("هناك من يطّلع عليه الآن لدى {merchant}. يستغرق ذلك بضع دقائق."),
    rejected_title: "لم يُقبل إثباتك",
    rejected_body: |merchant| format!("لم يتمكن {merchant} من ربطه بهذا الدفع."),
    send_another: "أرسل إثباتًا آخر",
    pay_another_way: "ادفع بطريقة أخرى",
    money_not_lost: |merchant| {
        format!(
            "المال الذي أرسلته لا يضيع: يُحتسب هنا أو يعود إليك. اتصل بـ{merchant} إن كان هذا خطأ."
        )
    },
    more_title: "بقي شيء واحد مطلوب",
    more_body: |merchant| format!("يحتاج {merchant} إلى المزيد ليجد دفعتك."),
    proof_kept: "ما أرسلته من قبل محفوظ.",

    paid_title: |amount, merchant| format!("تم دفع {amount} إلى {merchant}"),
    paid: "تم الدفع",
    paid_test: "تم الدفع، في وضع الاختبار",
    paid_test_body: "ليس دفعًا حقيقيًا. يبقى ما عليك غير مدفوع.",
    for_: "مقابل",
    paid_with: "طريقة الدفع",
    code_of: |provider| format!("رمز {provider}"),
    receipt_number: "رقم الإيصال",
    date: "التاريخ",
    given_back: "المبلغ المُعاد",
    back_to: |merchant| format!("العودة إلى {merchant}"),
    keep_receipt: "للاحتفاظ بالإيصال، افتح قائمة المتصفح واختر «طباعة» أو «مشاركة».",

    failure,
    nothing_taken: "لم يُخصم شيء.",
    what_you_can_do: "ما يمكنك فعله",
    try_again: |method| format!("جرّب {method} مجددًا"),
    tried: |date| format!("جرت المحاولة {date}."),
    payment_number: "رقم الدفعة",
    bank_hold: "قد يُظهر تطبيق بنكك المبلغ محجوزًا. يحرره البنك بنفسه خلال أيام.",

    expired_title: "انتهت صلاحية هذا الرابط",
    expired_body: |date| format!("كان مفتوحًا حتى {date}."),
    ask_new_link: |merchant| format!("لتدفع الآن اطلب من {merchant} فتحه مجددًا."),
    did_you_pay: "هل دفعت بالفعل؟",
    late_counts: "إذن لا تدفع مرة أخرى. المال الذي يصل متأخرًا يُحتسب.",
    look_for_payment: "ابحث عن دفعتي",
    cancelled_title: "أُلغي هذا الطلب",
    cancelled_body: |merchant| format!("ألغاه {merchant}. لا شيء عليك لتدفعه."),
    already_title: "هذا مدفوع بالفعل",
    already_body: "لا شيء آخر لتدفعه. إن طالبك أحد بهذا المال مجددًا فأره الإيصال.",
    see_receipt: "عرض الإيصال",
    twice_title: |amount| format!("دفعت مرتين. يعود إليك {amount}"),
    twice_body: "ما كان عليك مدفوع. لا يلزمك فعل شيء.",
    kept: "محتسبة",
    comes_back: "تعود إليك",
    where_is: |amount| format!("أين مبلغ {amount}"),
    twice_saw: "رأينا أنه زائد",
    twice_sends: |merchant| format!("يعيده {merchant}"),
    twice_done: "عاد إليك",
    over_title: |amount| format!("دفعت أكثر من المطلوب. يعود إليك {amount}"),
    after_cancel_title: |amount| format!("كان هذا ملغى. يعود إليك {amount}"),
    link_unknown_title: "لا نعرف هذا الرابط",
    link_unknown_body: "ربما ينقصه جزء. افتحه مجددًا من الرسالة التي جاء فيها، أو اطلب من التاجر رابطًا جديدًا. لم يُخصم شيء.",
    trouble_title: "حدث خلل عندنا",
    trouble_body: "الخطأ منا. يرجى فتح الرابط مجددًا بعد دقيقة. إن كنت في أثناء الدفع فلا تدفع مرة أخرى: انظر إلى هذا الرابط أولًا.",

    pay_merchant: |merchant| format!("ادفع إلى {merchant}"),
    amount_label: "المبلغ",
    amount_between: |least, most| format!("من {least} إلى {most}"),
    name_label: "اسمك",
    phone_label_any: "هاتفك",
    optional: "اختياري",
    contact_hint: |merchant| format!("ليعرف {merchant} من الذي دفع"),
    link_off_title: "لم يعد هذا الرابط يستقبل مدفوعات",
    link_ended_title: "انتهى هذا الرابط",
    link_used_title: "نفدت كل أماكن هذا الرابط",
    link_held_title: "كل الأماكن محجوزة في هذه اللحظة",
    link_held_body: "هناك من يدفع الآن. المكان الذي لا يُدفع ثمنه يصبح متاحًا بعد 30 دقيقة: افتح هذه الصفحة مجددًا حينها.",
    link_ask_other: |merchant| format!("لم يُخصم شيء. لتدفع رغم ذلك اطلب من {merchant} رابطًا آخر."),

    mock_title: "مزوّد اختبار: اختر ما يحدث",
    mock_body: "لا يتحرك مال هنا. كل زر ينهي الدفعة بطريقته.",
    mock_outcome,

    order_status,
    payment_status,
    proof_status,
    flag,
    input,
};

fn hours(count: u32) -> String {
    match count {
        1 => "ساعة".to_owned(),
        2 => "ساعتين".to_owned(),
        few if (3..=10).contains(&(few % 100)) => format!("{few} ساعات"),
        many => format!("{many} ساعة"),
    }
}

fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Order => "الطلب",
        OrderKind::Booking => "الحجز",
        OrderKind::Invoice => "الفاتورة",
        OrderKind::Subscription => "الاشتراك",
        OrderKind::Deposit => "العربون",
    }
}

fn group(group: MethodGroup) -> &'static str {
    match group {
        MethodGroup::PhoneMoney => "محفظة الهاتف",
        MethodGroup::Card => "بطاقة",
        MethodGroup::Bank => "البنك",
        MethodGroup::Cash => "نقدًا",
        MethodGroup::Other => "أخرى",
    }
}

fn method_name(method: Method, provider: &str) -> String {
    match method {
        Method::Card => "بطاقة بنكية".to_owned(),
        Method::Wallet => "Apple Pay أو Google Pay".to_owned(),
        Method::BankTransfer => "تحويل بنكي".to_owned(),
        Method::Ussd => "USSD".to_owned(),
        Method::MobileMoney => "محفظة الهاتف".to_owned(),
        Method::StkPush | Method::Mock => provider.to_owned(),
        Method::Paybill => format!("{provider} Paybill"),
        Method::Gcash => "GCash".to_owned(),
        Method::Maya => "Maya".to_owned(),
        Method::GrabPay => "GrabPay".to_owned(),
        Method::Payme => "Uzcard أو HUMO".to_owned(),
        Method::CashOnDelivery => "نقدًا".to_owned(),
    }
}

fn method_hint(how: How, provider: &str) -> String {
    match how {
        How::Prompt => "يصل طلب إلى هاتفك".to_owned(),
        How::Page => format!("تُكمل الدفع في صفحة {provider}"),
        How::Paybill => "اكتبه بنفسك أو اطلب \u{2066}*334#\u{2069}".to_owned(),
        How::Transfer => "حوّل المبلغ ثم أرسل لنا الإيصال. يراجعه موظف".to_owned(),
        How::MobileByHand => "أرسل من هاتفك ثم أرنا الرسالة".to_owned(),
        How::Cash => "تدفع نقدًا باليد".to_owned(),
    }
}

fn by_hand_title(method: Method) -> &'static str {
    match method {
        Method::BankTransfer | Method::Ussd => "ادفع بتحويل بنكي",
        Method::CashOnDelivery => "ادفع نقدًا",
        Method::MobileMoney | Method::StkPush | Method::Paybill => "ادفع من محفظة الهاتف",
        Method::Card
        | Method::Wallet
        | Method::Gcash
        | Method::Maya
        | Method::GrabPay
        | Method::Payme
        | Method::Mock => "ادفع بنفسك",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Paid => "تُقبل",
        Outcome::Declined => "تُرفض",
        Outcome::InsufficientFunds => "الرصيد لا يكفي",
        Outcome::WrongPin => "رقم سري خاطئ",
        Outcome::Cancelled => "تُلغى",
        Outcome::Unreachable => "الهاتف مغلق",
        Outcome::NeverAnswers => "لا جواب",
        Outcome::PaidAfterCheck => "مدفوع بعد التحقق",
        Outcome::Expired => "تنتهي المهلة",
    }
}

fn mock_outcome(outcome: MockOutcome) -> &'static str {
    match outcome {
        MockOutcome::Paid => "ادفع",
        MockOutcome::Declined => "ارفض",
        MockOutcome::Cancelled => "ألغِ",
        MockOutcome::Expired => "دع الوقت ينتهي",
        MockOutcome::WrongAmount => "ادفع مبلغًا خاطئًا",
        MockOutcome::Processing => "اتركها قيد المعالجة",
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "each cause has its sentence, side by side"
)]
fn failure(code: FailureCode, facts: &Facts<'_>) -> FailureText {
    let Facts {
        provider,
        amount,
        phone,
        merchant,
    } = *facts;
    let on = phone.map_or_else(String::new, |phone| format!(" على الرقم {phone}"));
    match code {
        // The last four are refunds': no customer reads them.
        FailureCode::Declined
        | FailureCode::Blocked
        | FailureCode::MerchantBalanceLow
        | FailureCode::AlreadyRefunded
        | FailureCode::RefundTooLate
        | FailureCode::NotRefundable => failed(
            "لم يتم الدفع: رُفضت العملية".to_owned(),
            format!("نقل {provider} رفضًا لمبلغ {amount} من دون ذكر سبب."),
            "اطلب من بنكك أو شبكتك السماح بالدفع عبر الإنترنت، ثم حاول مجددًا.",
            OTHER,
        ),
        FailureCode::InsufficientFunds => failed(
            format!("لم يتم الدفع: رصيد {provider} لا يكفي"),
            format!("وجد {provider} أقل من {amount}{on}."),
            "أضف مالًا ثم حاول مجددًا.",
            "أو استخدم رقمًا آخر أو بطاقة أو تحويلًا بنكيًا.",
        ),
        FailureCode::WrongPin => failed(
            "لم يتم الدفع: الرقم السري خاطئ".to_owned(),
            format!("لم يقبل {provider} الرقم السري{on}."),
            "حاول مجددًا بالرقم الصحيح. كثرة الخطأ تقفل الحساب.",
            OTHER,
        ),
        FailureCode::CancelledByCustomer => failed(
            "لم يتم الدفع: ألغيته أنت".to_owned(),
            format!("يقول {provider} إن دفع {amount} أُلغي{on}."),
            "حاول مجددًا عندما تكون مستعدًا.",
            OTHER,
        ),
        FailureCode::NoResponse => failed(
            "لم يتم الدفع: لم يستجب الهاتف".to_owned(),
            format!("لم يصل {provider} إلى الهاتف، أو لم يُكتب الرقم السري في الوقت{on}."),
            "شغّل الهاتف والشاشة ثم حاول مجددًا.",
            OTHER,
        ),
        FailureCode::ExpiredCard => failed(
            "لم يتم الدفع: انتهت صلاحية البطاقة".to_owned(),
            format!("رفض البنك مبلغ {amount}: تاريخ البطاقة منتهٍ."),
            "تحقق من التاريخ على البطاقة، ثم حاول ببطاقة أخرى.",
            OTHER,
        ),
        FailureCode::CardDetailsWrong => failed(
            "لم يتم الدفع: بيانات البطاقة غير صحيحة".to_owned(),
            format!("الرقم أو التاريخ أو رمز الأمان غير صحيح، ولم يأخذ {provider} شيئًا."),
            "حاول مجددًا واكتبها كما هي على البطاقة.",
            OTHER,
        ),
        FailureCode::AuthenticationFailed => failed(
            "لم يتم الدفع: لم يتمكن بنكك من التحقق منك".to_owned(),
            format!("لم يكتمل تحقق البنك لمبلغ {amount}."),
            "حاول مجددًا وأكّد العملية في تطبيق بنكك أو برمزه.",
            OTHER,
        ),
        FailureCode::WrongCode => failed(
            "لم يتم الدفع: الرمز خاطئ أو متأخر".to_owned(),
            format!("لم يقبل {provider} الرمز المؤقت{on}."),
            "حاول مجددًا بأحدث رمز وصلك.",
            OTHER,
        ),
        FailureCode::CardNotSupported => failed(
            "لم يتم الدفع: لا يمكن استخدام هذه البطاقة هنا".to_owned(),
            format!("لا يقبل {provider} هذا النوع من البطاقات، أو لا يسمح به بنكك."),
            "استخدم بطاقة أخرى.",
            OTHER,
        ),
        FailureCode::PayerUnknown => failed(
            format!("لم يتم الدفع: {provider} لا يعرف الرقم"),
            format!("لا يوجد حساب {provider}{on}."),
            "تحقق من الرقم ثم حاول مجددًا.",
            OTHER,
        ),
        FailureCode::PhoneBusy => failed(
            "لم يتم الدفع: الهاتف مشغول".to_owned(),
            format!("هناك طلب آخر مفتوح من {provider}{on}."),
            "أغلق الطلب الآخر أو أكمله، وانتظر دقيقة، ثم حاول مجددًا.",
            OTHER,
        ),
        FailureCode::AmountLimit => failed(
            "لم يتم الدفع: المبلغ غير مناسب".to_owned(),
            format!("لا يقبل {provider} مبلغ {amount} دفعة واحدة."),
            "اختر طريقة دفع أخرى.",
            "أو اطلب من التاجر تقسيم المبلغ.",
        ),
        FailureCode::PayerLimit => failed(
            "لم يتم الدفع: بلغت حدّك".to_owned(),
            format!("مبلغ {amount} أكبر مما يسمح لك {provider} بدفعه الآن{on}."),
            "حاول غدًا، أو استخدم رقمًا آخر.",
            OTHER,
        ),
        FailureCode::MerchantLimit => failed(
            format!("لم يتم الدفع: لا يستطيع {merchant} استلامه الآن"),
            format!("حساب {merchant} لدى {provider} لا يستطيع استلام {amount}. ليس هذا خطأك."),
            "اختر طريقة دفع أخرى.",
            "أو اسأل التاجر.",
        ),
        FailureCode::RepeatedTooSoon => failed(
            "لم يتم الدفع: طُلب مرتين في وقت قصير".to_owned(),
            format!("يرفض {provider} المبلغ نفسه من الشخص نفسه بهذه السرعة."),
            "انتظر دقيقتين ثم حاول مجددًا.",
            OTHER,
        ),
        FailureCode::AccountLocked => failed(
            format!("لم يتم الدفع: حسابك في {provider} مقفل"),
            format!("لا يسمح {provider} لهذا الحساب بالدفع{on}."),
            format!("اطلب من {provider} فتحه."),
            "أو استخدم رقمًا آخر أو بطاقة أو تحويلًا بنكيًا.",
        ),
        FailureCode::Expired => failed(
            "لم يتم الدفع: انتهى الوقت".to_owned(),
            format!("لم يصلنا دفع {amount} في الوقت عبر {provider}."),
            "إن أظهر حسابك أنك دفعت فلا تدفع مرة أخرى. المال المتأخر يُحتسب.",
            "وإلا فحاول مجددًا أو ادفع بطريقة أخرى.",
        ),
        FailureCode::ProviderUnavailable => failed(
            format!("لم يتم الدفع: {provider} لا يعمل الآن"),
            format!("لم يأخذ {provider} مبلغ {amount}."),
            "انتظر بضع دقائق ثم حاول مجددًا.",
            OTHER,
        ),
        FailureCode::ProviderMisconfigured => failed(
            format!("لم يتم الدفع: إعداد {provider} غير صحيح"),
            format!("على {merchant} تصحيح أحد الإعدادات. ليس هذا خطأك."),
            "اختر طريقة دفع أخرى.",
            "أو أخبر التاجر.",
        ),
        FailureCode::RejectedByStaff => failed(
            "لم يُقبل إثباتك".to_owned(),
            format!(
                "لم يتمكن {merchant} من ربطه بمبلغ {amount}. المال الذي أرسلته لا يضيع: يُحتسب هنا أو يعود إليك."
            ),
            "اسأل التاجر عن السبب.",
            "أو أرسل إثباتًا جديدًا، أو ادفع بطريقة أخرى.",
        ),
    }
}

fn order_status(status: OrderStatus) -> Sentence {
    match status {
        OrderStatus::Open => say("هذا غير مدفوع بعد.", "اختر كيف تودّ أن تدفع."),
        OrderStatus::PartiallyPaid => say("دُفع جزء منه.", "ادفع الباقي هنا."),
        OrderStatus::Paid => say("هذا مدفوع.", "احتفظ بالإيصال."),
        OrderStatus::Cancelled => say("ألغاه التاجر.", "لا شيء عليك لتدفعه."),
        OrderStatus::Expired => say("انتهى وقت الدفع.", "اطلب من التاجر فتحه مجددًا."),
    }
}

fn payment_status(status: PaymentStatus) -> Sentence {
    match status {
        PaymentStatus::Created => say("يبدأ الدفع.", "انتظر لحظة."),
        PaymentStatus::Pending => say("الدفع في الطريق.", "انتظر هنا، يصل الجواب إلى هذه الصفحة."),
        PaymentStatus::RequiresAction => say("الدفع ينتظرك.", "أكمله على هاتفك أو في صفحة المزوّد."),
        PaymentStatus::Processing => say("الدفع قيد المعالجة.", "انتظر، ولا تدفع مرة أخرى."),
        PaymentStatus::Unknown => say(
            "لا نعلم بعد هل انتقل المال.",
            "انتظر، ولا تدفع مرة أخرى. نواصل السؤال.",
        ),
        PaymentStatus::Mismatched => say("هناك من يتحقق من هذا الدفع.", "انتظر، ولا تدفع مرة أخرى."),
        PaymentStatus::Succeeded => say("وصل المال.", "احتفظ بالإيصال."),
        PaymentStatus::Failed => say("لم يتم الدفع.", "حاول مجددًا، أو ادفع بطريقة أخرى."),
        PaymentStatus::Cancelled => say("أُلغي الدفع.", "حاول مجددًا عندما تكون مستعدًا."),
        PaymentStatus::Expired => say(
            "انتهى وقت هذا الدفع.",
            "إن كنت دفعت فلا تدفع مرة أخرى. وإلا فحاول مجددًا.",
        ),
    }
}

fn proof_status(status: ProofStatus) -> Sentence {
    match status {
        ProofStatus::Submitted => say("وصلنا إثباتك.", "يراجعه موظف. لا حاجة إلى إرساله مجددًا."),
        ProofStatus::MoreWanted => say("بقي شيء واحد مطلوب.", "أرسل ما يطلبه التاجر."),
        ProofStatus::Approved => say("قُبل إثباتك.", "احتفظ بالإيصال."),
        ProofStatus::Rejected => say("لم يُقبل إثباتك.", "أرسل إثباتًا آخر، أو ادفع بطريقة أخرى."),
    }
}

fn flag(flag: Flag) -> Sentence {
    match flag {
        Flag::Late => say("وصل مالك متأخرًا، وهو محتسب.", "لا يلزمك فعل شيء."),
        Flag::Duplicate => say("دفعت مرتين.", "تعود إليك الدفعة الثانية."),
        Flag::Over => say("دفعت أكثر مما عليك.", "يعود إليك الباقي."),
        Flag::Short => say("وصل أقل مما عليك.", "ادفع الباقي هنا."),
        Flag::PaidAfterCancel => say("دفعت بعد الإلغاء.", "يعود إليك المال."),
    }
}

fn input(code: InputCode) -> &'static str {
    match code {
        InputCode::Invalid => "لا يبدو هذا صحيحًا. يرجى التحقق منه.",
        InputCode::Required => "يرجى ملء هذا الحقل.",
        InputCode::Length => "هذا أطول من اللازم. يرجى اختصاره.",
        InputCode::PhoneRequired => "يرجى كتابة رقم الهاتف الذي يُدفع منه.",
        InputCode::PhoneInvalid => {
            "لا نعرف رقم هاتف كهذا. اكتبه مثل \u{2066}0712 345 678\u{2069} أو \u{2066}+254 712 345 678\u{2069}."
        }
        InputCode::PhoneTooShort => "الرقم أقصر من اللازم. يرجى التحقق من كل خانة.",
        InputCode::PhoneTooLong => "الرقم أطول من اللازم. يرجى التحقق من كل خانة.",
        InputCode::PhoneNotOfCountry => {
            "هذا الرقم من بلد لا تعمل فيه طريقة الدفع هذه. يرجى كتابة رقم آخر، أو الدفع بطريقة أخرى."
        }
        InputCode::PhoneNotOfOperator => {
            "هذا الرقم من شبكة أخرى. يرجى كتابة رقم من هذه الشبكة، أو الدفع بطريقة أخرى."
        }
        InputCode::EmailRequired => "يرجى كتابة بريدك الإلكتروني.",
        InputCode::EmailInvalid => {
            "عنوان البريد غير كامل. يكون مثل \u{2066}name@example.com\u{2069}."
        }
        InputCode::MethodRequired => "يرجى اختيار طريقة دفع.",
        InputCode::MethodNotSupported
        | InputCode::MethodNotConfigured
        | InputCode::MethodUnknown
        | InputCode::ProviderNotAvailable
        | InputCode::ProviderUnknown => "طريقة الدفع هذه غير متاحة الآن. يرجى اختيار غيرها.",
        InputCode::CurrencyNotSupported | InputCode::MethodNotForCurrency => {
            "هذه الطريقة لا تقبل هذه العملة. يرجى اختيار غيرها."
        }
        InputCode::AmountTooSmall => "المبلغ أصغر مما تقبله هذه الطريقة. يرجى اختيار غيرها.",
        InputCode::AmountTooLarge => "المبلغ أكبر مما تقبله هذه الطريقة. يرجى اختيار غيرها.",
        InputCode::AmountNotRepresentable => {
            "لا تستطيع هذه الطريقة حمل المبلغ بالضبط. يرجى اختيار غيرها."
        }
        InputCode::PaymentInFlight => {
            "هناك طلب في طريقه إلى هذا الهاتف. أجب عنه أو انتظر حتى ينتهي."
        }
        InputCode::PaymentUnknown => {
            "لا نعلم بعد كيف انتهت دفعتك الأخيرة. انتظر جوابها ولا تدفع مرة أخرى."
        }
        InputCode::OrderClosed => "لم يعد بالإمكان دفع هذا.",
        InputCode::ProofEmpty => "يرجى إضافة صورة أو نص الرسالة أو رقم العملية.",
        InputCode::ProofClosed => "حُسم أمر هذا الإثبات من قبل.",
        InputCode::ProofWaits => "إثباتك الأخير قيد المراجعة بالفعل. لا حاجة إلى إرسال غيره.",
        InputCode::UploadSlow => {
            "كان الرفع بطيئًا جدًا فانقطع. حاول مجددًا بصورة أصغر أو برقم العملية وحده."
        }
        InputCode::ReferenceAscii => {
            "رقم العملية من حروف لاتينية وأرقام فقط. انسخه من الإيصال أو الرسالة."
        }
        InputCode::FileTooLarge => "الملف أكبر من 8 ميغابايت. التقط صورة أصغر أو لقطة شاشة.",
        InputCode::FileType => "لا يُقرأ هنا إلا JPG وPNG وPDF. التقط لقطة شاشة وأرسلها.",
        InputCode::FileUnreadable | InputCode::FileEmpty => {
            "لا يمكن قراءة الملف. التقط الصورة مجددًا وأرسلها."
        }
        InputCode::AmountInvalid => "لا يمكن قراءة المبلغ. اكتب رقمًا مثل 1500.",
        InputCode::AmountOutside => "اختر مبلغًا بين الأدنى والأعلى.",
        InputCode::ReferenceInvalid => "لا يبدو هذا رقم عملية. انسخه من الإيصال أو الرسالة.",
        InputCode::Trouble => "حدث خلل عندنا. لم يُرسل شيء. يرجى المحاولة مجددًا.",
    }
}
