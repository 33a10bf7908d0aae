//! Kiswahili.
use super::Texts;

pub const TEXTS: Texts = Texts {
    hello: |name| format!("Habari {name},"),
    hello_plain: "Habari,",

    for_: "Kwa ajili ya",
    amount: "Kiasi",
    paid: "Imelipwa",
    reference: "Kumbukumbu",
    paid_with: "Imelipwa kwa",
    code: "Msimbo",
    receipt_number: "Namba ya risiti",
    date: "Tarehe",
    pay_by: "Lipa kabla ya",
    left: "Kilichobaki",
    given_back: "Imerudishwa",
    merchant_says: "Wanachosema",
    plan: "Mpango",
    ends: "Unaisha",

    receipt_subject: |amount, merchant| format!("Risiti: {amount} kwa {merchant}"),
    receipt_body: |merchant| format!("Malipo yako kwa {merchant} yamefika. Asante."),
    see_receipt: "Tazama risiti",
    receipt_sms: |amount, merchant, number| {
        format!("{merchant}: {amount} zimepokelewa, asante. Risiti {number}:")
    },

    request_subject: |amount, merchant| format!("Tafadhali lipa {amount} kwa {merchant}"),
    request_body: |merchant, amount| {
        format!("{merchant} wanakuomba ulipe {amount}. Hakuna kinachokatwa hadi uthibitishe.")
    },
    pay_now: "Lipa sasa",
    request_sms: |amount, merchant| format!("{merchant} wanakuomba ulipe {amount}. Lipa hapa:"),

    reminder_subject: |amount, merchant| format!("Kikumbusho: {amount} kwa {merchant}"),
    reminder_body: |merchant, amount, day| {
        format!("{merchant} wanakukumbusha ulipe {amount} kabla ya {day}.")
    },
    reminder_late_body: |merchant, amount, day| {
        format!("{merchant} wanakukumbusha kuwa {amount} ilipaswa kulipwa kabla ya {day}.")
    },
    reminder_paid: "Kama umeshalipa, huhitaji kufanya chochote.",

    rejected_subject: |merchant| format!("{merchant} hawakuweza kukubali uthibitisho wako"),
    rejected_body: |merchant, amount| {
        format!(
            "{merchant} wameangalia uthibitisho wako wa malipo ya {amount} na hawakuweza kuukubali."
        )
    },
    rejected_next: "Ikiwa umelipa, pesa haijapotea: tuma uthibitisho mwingine, au waulize.",
    pay_or_send: "Lipa, au tuma uthibitisho mwingine",

    more_subject: |merchant| format!("{merchant} wanahitaji maelezo zaidi kuhusu malipo yako"),
    more_body: |merchant, amount| {
        format!(
            "{merchant} wameangalia uthibitisho wako wa malipo ya {amount} na wanahitaji kujua zaidi."
        )
    },
    send_more: "Tuma kinachokosekana",

    refund_subject: |amount, merchant| format!("{merchant} wamerudisha {amount}"),
    refund_body: |amount, merchant| {
        format!("{merchant} wamekurudishia {amount}, kwa njia uliyolipia.")
    },
    refund_next: "Benki na kampuni za kadi zinaweza kuchukua siku kadhaa kuionyesha.",

    renewal_subject: |plan, day| format!("{plan} unaisha {day}"),
    renewal_body: |plan, merchant, day| {
        format!("Mpango wako {plan} kwa {merchant} unaisha {day}. Lipa ili uendelee nao.")
    },
    renewal_late_subject: |plan, day| format!("{plan} uliisha {day}"),
    renewal_late_body: |plan, merchant, day| {
        format!("Mpango wako {plan} kwa {merchant} uliisha {day}. Lipa mapema ili uendelee nao.")
    },
    renew_now: "Endelea sasa",

    questions: |merchant, contact| format!("Una maswali? Waulize {merchant}: {contact}"),
    no_answer: |merchant| format!("Umepata ujumbe huu kwa sababu ya malipo kwa {merchant}."),
    no_secrets: "Hakuna atakayekuomba PIN, nenosiri au namba ya kadi kwa ujumbe.",
};
