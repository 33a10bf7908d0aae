//! Kiswahili.
use super::{
    Facts, FailureText, How, InputCode, MockOutcome, Outcome, Sentence, Texts, failed, say,
};
use crate::domain::method::{Method, MethodGroup};
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::payment::{FailureCode, Flag, PaymentStatus};
use crate::domain::proof::ProofStatus;

const OTHER: &str = "Au lipa kwa njia nyingine.";

pub const TEXTS: Texts = Texts {
    language: "Lugha",
    error_title: |what| format!("Kosa: {what}"),
    test_mode: "Hali ya majaribio",
    test_note: "Malipo hapa hayahesabiwi",
    test_tag: "Jaribio",
    test_prefix: "[JARIBIO]",
    test_mark: "JARIBIO",
    test_button: |button| format!("{button} (jaribio)"),
    ask_merchant: |merchant| format!("Una swali kuhusu malipo haya? Uliza {merchant}"),
    email: "Barua pepe",
    kind,
    pay_by: "Lipa kabla ya",
    left_to_pay: "Kiasi kilichobaki",
    paid_so_far: "Kimelipwa hadi sasa",
    part_of: |n, of| format!("Sehemu ya {n} kati ya {of}"),
    next_part: "Sehemu inayofuata",
    amount_by: |amount, day| format!("{amount} kabla ya {day}"),
    pay_whole: |amount| format!("Lipa {amount} kwa mara moja"),
    pay_part: |amount| format!("Lipa sehemu hii tu, {amount}"),

    pay_title: |amount, merchant| format!("Lipa {amount} kwa {merchant}"),
    how_pay: "Ungependa kulipa vipi?",
    group,
    method_name,
    method_hint,
    recommended: "Inapendekezwa",
    fee: |amount| format!("pamoja na ada ya takriban {amount}"),
    fee_some: "pamoja na ada ya mtoa huduma",
    continue_: "Endelea",
    nothing_taken_yet: "Hakuna pesa iliyochukuliwa bado. Utathibitisha katika hatua inayofuata.",
    test_stays_unpaid: "Hali ya majaribio: deni lako linabaki halijalipwa.",
    return_unpaid: "Rudi bila kulipa",
    nothing_offered: "Haiwezi kulipwa hapa kwa sasa",
    nothing_offered_next: "Hakuna njia ya kulipa inayofaa kiasi na sarafu hii. Hakuna pesa iliyochukuliwa. Tafadhali muulize muuzaji.",
    test_data: |provider| format!("Data ya majaribio ya {provider}"),
    test_use: |provider| format!("Itumie kwenye ukurasa wa {provider} au kama nambari yako"),
    test_others: "Zinazokataliwa na matokeo mengine",
    simulator_only: "Inafanya kazi kwenye kiigaji tu",
    outcome,

    pay_with: |provider| format!("Lipa kwa {provider}"),
    phone_label: |provider| format!("Nambari yako ya {provider}"),
    phone_hint: |_| "Nambari itakayolipa".to_owned(),
    email_label: "Barua pepe yako",
    email_hint: |provider| format!("{provider} itatuma risiti yake huko"),
    send_prompt: "Tuma ombi kwenye simu yangu",
    comma: ",",
    pin_hint: "Weka PIN yako kwenye simu yako tu. Usiiandike kamwe kwenye tovuti.",
    next_title: "Kitakachofuata",
    prompt_steps: |provider| {
        [
            "Ombi la malipo litafunguka kwenye simu hiyo.".to_owned(),
            format!("Utaweka PIN yako ya {provider} hapo."),
            "Risiti yako itaonekana hapa.".to_owned(),
        ]
    },
    page_steps: |provider| {
        [
            format!("Utaenda kwenye ukurasa wa {provider}."),
            "Utalipa hapo.".to_owned(),
            "Utarudi, na risiti yako itaonekana hapa.".to_owned(),
        ]
    },
    other_ways: "Njia nyingine za kulipa",
    ways_left: |ways| format!("Unaweza pia kulipa kwa: {ways}."),
    go_to_page: |provider| format!("Nenda kwenye ukurasa wa {provider}"),

    look_title: |provider, amount| format!("Angalia simu yako: {provider}, {amount}"),
    look_phone: "Angalia simu yako",
    type_pin: |provider, phone| format!("Weka PIN yako ya {provider} kwenye {phone}."),
    prompt_picture: "Ombi linavyoonekana",
    prompt_pay: |amount, merchant| format!("Lipa {amount} kwa {merchant}?"),
    prompt_pin: |provider| format!("Weka PIN ya {provider}:"),
    other_prompt: "Jina au kiasi kingine kwenye simu yako? Basi usiweke PIN yako.",
    step_sent: "Ombi limetumwa",
    step_phone: "Kwenye simu yako",
    step_pin: "linasubiri PIN yako",
    step_page: |provider| format!("Kwenye ukurasa wa {provider}"),
    step_confirms: |provider| format!("{provider} inathibitisha"),
    step_done: "Imekamilika, pamoja na risiti",
    step_asked: |time| format!("tumeuliza tena {time}"),
    auto_check: "Ukurasa huu unaangalia wenyewe kila sekunde 5. Unaweza kuufunga: kiungo hiki kitaonyesha kilichotokea.",
    no_auto_check: "Ukurasa huu hauangalii tena wenyewe. Bonyeza kitufe kuuliza tena. Unaweza kuufunga: kiungo hiki kitaonyesha kilichotokea.",
    nothing_on_phone: "Huoni kitu kwenye simu yako?",
    phone_tips: |phone| {
        [
            "Washa skrini. Ombi hubaki kwa takriban dakika moja.".to_owned(),
            format!("Laini ya {phone} lazima iwe kwenye simu hii, na iwe na mtandao."),
            "Lisipokuja, ukurasa huu utakuambia. Hapo unaweza kulituma tena.".to_owned(),
        ]
    },
    check_now: "Angalia sasa",
    page_title: |provider| format!("Maliza kwenye ukurasa wa {provider}"),
    page_body: |provider, amount| {
        format!(
            "Ikiwa umeshalipa {amount}, subiri hapa: {provider} itatuambia, na itaonekana kwenye ukurasa huu."
        )
    },
    unknown_title: "Tafadhali subiri, na usilipe tena",
    unknown_body: |provider, amount| {
        format!(
            "{provider} bado haijatuambia kama {amount} zimelipwa. Tunaendelea kuuliza. Jibu litakuja kwenye ukurasa huu."
        )
    },
    message_question: |provider| format!("Je, {provider} imekutumia ujumbe kwamba umelipa?"),
    message_yes: "Ndiyo: basi imelipwa. Itaonekana hapa, hata ikichukua saa kadhaa.",
    message_no: "Hapana: angalia hapa kwanza, kabla ya kujaribu njia nyingine.",
    mismatch_title: "Tafadhali subiri, mtu anakagua",
    mismatch_body: |provider, merchant| {
        format!(
            "Taarifa ya {provider} ni tofauti na tulichoomba. {merchant} wanaiangalia sasa. Usilipe tena."
        )
    },

    by_hand_title,
    send_money: "1. Tuma pesa",
    show_us: "2. Tuonyeshe kwamba umelipa",
    copy_hint: "Bonyeza na ushikilie ili kunakili.",
    bank: "Benki",
    branch: "Tawi",
    account_name: "Jina la akaunti",
    account_number: "Nambari ya akaunti",
    mobile_name: "Jina kwenye akaunti",
    mobile_number: "Nambari ya pesa kwa simu",
    amount_exact: "Kiasi kamili",
    reason: "Sababu ya malipo",
    from_merchant: |merchant| format!("Kutoka kwa {merchant}"),
    cash_body: |amount, merchant| format!("Andaa {amount}. Utalipa {merchant} kwa pesa taslimu."),
    cash_proof: "Umeshalipa? Tuambie, na uweke picha ya risiti ya karatasi ikiwa unayo.",
    what_have: "Una nini?",
    have_photo: "Picha",
    have_sms: "Ujumbe wa SMS",
    have_number: "Nambari",
    photo_label: "Picha ya risiti au ya skrini",
    photo_hint: "JPG, PNG au PDF, hadi MB 8. Pembe zote nne zionekane.",
    sms_label: "SMS ya malipo",
    sms_hint: "Fungua SMS, nakili yote, kisha uibandike hapa.",
    ref_label: "Nambari ya muamala",
    ref_hint: "Kutoka kwenye risiti au SMS, kama FT26324K8LQ",
    note_label: "Maelezo, ukipenda",
    send_proof: "Tuma uthibitisho",
    checked_within: |limit| match limit {
        Some(count) => format!("Mtu atakagua, mara nyingi ndani ya {}.", hours(count)),
        None => "Mtu atakagua.".to_owned(),
    },

    pay_by_way: |way| format!("Lipa kwa {way}"),
    way_instead: |way| format!("Lipa kwa {way} badala yake"),
    till_way: |provider| format!("Till ya {provider}"),
    till_note: |merchant| {
        format!(
            "Till haiulizi nambari ya akaunti: {merchant} itapata malipo yako kwa kiasi kamili."
        )
    },
    business_number: "Nambari ya biashara",
    till_number: "Nambari ya till",
    simple_phone: "Huna data, au una simu ya kawaida?",
    dial: "Piga",
    then_pin: "Kisha PIN yako",
    have_paid: "Nimelipa: angalia sasa",
    seen_soon: "Pia tunaona wenyewe, mara nyingi ndani ya dakika moja.",
    not_shown: "Nimelipa, lakini haionekani",
    not_shown_body: |merchant| {
        format!(
            "Hifadhi SMS na usilipe tena. Kwa msimbo wake {merchant} itapata malipo yako, hata kama herufi moja ya nambari ya akaunti ilikosewa."
        )
    },

    proof_sent_title: "Tumepokea uthibitisho wako",
    proof_sent_body: |limit| match limit {
        Some(count) => format!(
            "Mtu atakagua, mara nyingi ndani ya {}. Huna haja ya kuutuma tena.",
            hours(count)
        ),
        None => "Mtu atakagua. Huna haja ya kuutuma tena.".to_owned(),
    },
    step_proof_sent: "Uthibitisho umetumwa",
    step_proof_waits: "Unasubiri kukaguliwa",
    step_proof_checking: "Unakaguliwa",
    since: |time| format!("tangu {time}"),
    step_answer: "Jibu, pamoja na risiti",
    keep_link: "Hifadhi kiungo hiki: jibu litaonekana hapa.",
    what_you_sent: "Ulichotuma",
    proof_word: "Uthibitisho",
    note_word: "Maelezo",
    file_photo: |size| format!("Picha, {size}"),
    file_pdf: |size| format!("PDF, {size}"),
    review_title: "Uthibitisho wako unakaguliwa",
    review_body: |merchant| format!("Mtu wa {merchant} ameufungua sasa. Itachukua dakika chache."),
    rejected_title: "Uthibitisho wako haukukubaliwa",
    rejected_body: |merchant| format!("{merchant} hawakuweza kuuhusisha na malipo haya."),
    send_another: "Tuma uthibitisho mwingine",
    pay_another_way: "Lipa kwa njia nyingine",
    money_not_lost: |merchant| {
        format!(
            "Pesa uliyotuma haijapotea: itahesabiwa hapa au itarudi kwako. Wapigie {merchant} ikiwa hii si sahihi."
        )
    },
    more_title: "Kitu kimoja zaidi kinahitajika",
    more_body: |merchant| format!("{merchant} wanahitaji maelezo zaidi ili kupata malipo yako."),
    proof_kept: "Ulichotuma awali kimehifadhiwa.",

    paid_title: |amount, merchant| format!("{amount} zimelipwa kwa {merchant}"),
    paid: "Imelipwa",
    paid_test: "Imelipwa, kwa majaribio",
    paid_test_body: "Si malipo halisi. Deni lako linabaki halijalipwa.",
    for_: "Kwa ajili ya",
    paid_with: "Njia ya malipo",
    code_of: |provider| format!("Nambari ya {provider}"),
    receipt_number: "Nambari ya risiti",
    date: "Tarehe",
    given_back: "Zilizorudishwa",
    back_to: |merchant| format!("Rudi kwa {merchant}"),
    keep_receipt: "Ili kuhifadhi risiti, fungua menyu ya kivinjari chako kisha uchague Chapisha au Shiriki.",

    failure,
    nothing_taken: "Hakuna pesa iliyochukuliwa.",
    what_you_can_do: "Unachoweza kufanya",
    try_again: |method| format!("Jaribu {method} tena"),
    tried: |date| format!("Ilijaribiwa {date}."),
    payment_number: "Nambari ya malipo",
    bank_hold: "Programu ya benki yako inaweza kuonyesha kiasi hicho kimezuiwa. Benki itakiachilia yenyewe baada ya siku chache.",

    expired_title: "Muda wa kiungo hiki umeisha",
    expired_body: |date| format!("Kilikuwa wazi hadi {date}."),
    ask_new_link: |merchant| format!("Ili kulipa sasa, waombe {merchant} wakifungue tena."),
    did_you_pay: "Umeshalipa?",
    late_counts: "Basi usilipe tena. Pesa inayochelewa bado inahesabiwa.",
    look_for_payment: "Tafuta malipo yangu",
    cancelled_title: "Hii imefutwa",
    cancelled_body: |merchant| format!("{merchant} wameifuta. Hakuna cha kulipa."),
    already_title: "Hii imeshalipwa",
    already_body: "Hakuna zaidi cha kulipa. Mtu akikudai pesa hii tena, mwonyeshe risiti.",
    see_receipt: "Tazama risiti",
    twice_title: |amount| format!("Umelipa mara mbili. {amount} zinarudi kwako"),
    twice_body: "Deni lako limelipwa. Huhitaji kufanya chochote.",
    kept: "Imebaki",
    comes_back: "Inarudi",
    where_is: |amount| format!("Zilipo {amount} zako"),
    twice_saw: "Tumeona kuwa zimezidi",
    twice_sends: |merchant| format!("{merchant} wanazirudisha"),
    twice_done: "Zimerudi kwako",
    over_title: |amount| format!("Umelipa zaidi. {amount} zinarudi kwako"),
    after_cancel_title: |amount| format!("Hii ilikuwa imefutwa. {amount} zinarudi kwako"),
    link_unknown_title: "Hatukijui kiungo hiki",
    link_unknown_body: "Labda sehemu yake haipo. Kifungue tena kutoka kwenye ujumbe uliokileta, au mwombe muuzaji kipya. Hakuna pesa iliyochukuliwa.",
    trouble_title: "Kuna hitilafu hapa",
    trouble_body: "Ni kosa letu. Tafadhali fungua kiungo tena baada ya dakika moja. Ikiwa ulikuwa unalipa, usilipe tena: angalia kiungo hiki kwanza.",

    pay_merchant: |merchant| format!("Lipa kwa {merchant}"),
    amount_label: "Kiasi",
    amount_between: |least, most| format!("Kuanzia {least} hadi {most}"),
    name_label: "Jina lako",
    phone_label_any: "Simu yako",
    optional: "si lazima",
    contact_hint: |merchant| format!("Ili {merchant} wajue nani amelipa"),
    link_off_title: "Kiungo hiki hakipokei malipo tena",
    link_ended_title: "Muda wa kiungo hiki umekwisha",
    link_used_title: "Nafasi zote za kiungo hiki zimechukuliwa",
    link_held_title: "Nafasi zote zimeshikwa kwa sasa",
    link_held_body: "Wengine wanalipa sasa hivi. Nafasi isiyolipwa hufunguka tena baada ya dakika 30: fungua ukurasa huu tena wakati huo.",
    link_ask_other: |merchant| {
        format!("Hakuna pesa iliyochukuliwa. Ukitaka kulipa, waombe {merchant} kiungo kingine.")
    },

    mock_title: "Mtoa huduma wa majaribio: chagua kinachotokea",
    mock_body: "Hakuna pesa inayohama hapa. Kila kitufe kinamaliza malipo kwa njia yake.",
    mock_outcome,

    order_status,
    payment_status,
    proof_status,
    flag,
    input,
};

fn hours(count: u32) -> String {
    match count {
        1 => "saa 1".to_owned(),
        more => format!("saa {more}"),
    }
}

fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Order => "Agizo",
        OrderKind::Booking => "Miadi",
        OrderKind::Invoice => "Ankara",
        OrderKind::Subscription => "Usajili",
        OrderKind::Deposit => "Amana",
    }
}

fn group(group: MethodGroup) -> &'static str {
    match group {
        MethodGroup::PhoneMoney => "Pesa kwa simu",
        MethodGroup::Card => "Kadi",
        MethodGroup::Bank => "Benki",
        MethodGroup::Cash => "Pesa taslimu",
        MethodGroup::Other => "Nyingine",
    }
}

fn method_name(method: Method, provider: &str) -> String {
    match method {
        Method::Card => "Kadi ya benki".to_owned(),
        Method::Wallet => "Apple Pay au Google Pay".to_owned(),
        Method::BankTransfer => "Uhamisho wa benki".to_owned(),
        Method::Ussd => "USSD".to_owned(),
        Method::MobileMoney => "Pesa kwa simu".to_owned(),
        Method::StkPush | Method::Mock => provider.to_owned(),
        Method::Paybill => format!("{provider} Paybill"),
        Method::Gcash => "GCash".to_owned(),
        Method::Maya => "Maya".to_owned(),
        Method::GrabPay => "GrabPay".to_owned(),
        Method::Payme => "Uzcard au HUMO".to_owned(),
        Method::CashOnDelivery => "Pesa taslimu".to_owned(),
    }
}

fn method_hint(how: How, provider: &str) -> String {
    match how {
        How::Prompt => "Ombi litakuja kwenye simu yako".to_owned(),
        How::Page => format!("Utamalizia kwenye ukurasa wa {provider}"),
        How::Paybill => "Andika mwenyewe, au piga *334#".to_owned(),
        How::Transfer => "Tuma pesa, kisha utuonyeshe risiti. Mtu atakagua".to_owned(),
        How::MobileByHand => "Tuma kutoka kwenye simu yako, kisha utuonyeshe SMS".to_owned(),
        How::Cash => "Unalipa mkononi, kwa pesa taslimu".to_owned(),
    }
}

fn by_hand_title(method: Method) -> &'static str {
    match method {
        Method::BankTransfer | Method::Ussd => "Lipa kwa uhamisho wa benki",
        Method::CashOnDelivery => "Lipa kwa pesa taslimu",
        Method::MobileMoney | Method::StkPush | Method::Paybill => "Lipa kwa pesa ya simu",
        Method::Card
        | Method::Wallet
        | Method::Gcash
        | Method::Maya
        | Method::GrabPay
        | Method::Payme
        | Method::Mock => "Lipa mwenyewe",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Paid => "Inalipwa",
        Outcome::Declined => "Inakataliwa",
        Outcome::InsufficientFunds => "Salio halitoshi",
        Outcome::WrongPin => "PIN si sahihi",
        Outcome::Cancelled => "Inaghairiwa",
        Outcome::Unreachable => "Simu imezimwa",
        Outcome::NeverAnswers => "Hakuna jibu",
        Outcome::PaidAfterCheck => "Imelipwa baada ya uthibitisho",
        Outcome::Expired => "Muda unaisha",
    }
}

fn mock_outcome(outcome: MockOutcome) -> &'static str {
    match outcome {
        MockOutcome::Paid => "Lipa",
        MockOutcome::Declined => "Kataa",
        MockOutcome::Cancelled => "Ghairi",
        MockOutcome::Expired => "Acha muda uishe",
        MockOutcome::WrongAmount => "Lipa kiasi kisicho sahihi",
        MockOutcome::Processing => "Acha ikishughulikiwa",
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
    let on = phone.map_or_else(String::new, |phone| format!(" kwenye {phone}"));
    match code {
        // The last four are refunds': no customer reads them.
        FailureCode::Declined
        | FailureCode::Blocked
        | FailureCode::MerchantBalanceLow
        | FailureCode::AlreadyRefunded
        | FailureCode::RefundTooLate
        | FailureCode::NotRefundable => failed(
            "Haijalipwa: malipo yamekataliwa".to_owned(),
            format!("{provider} imekataa {amount} bila kutoa sababu."),
            "Iombe benki au mtandao wako kuruhusu malipo ya mtandaoni, kisha ujaribu tena.",
            OTHER,
        ),
        FailureCode::InsufficientFunds => failed(
            format!("Haijalipwa: salio la {provider} halitoshi"),
            format!("{provider} imeona salio lisilofika {amount}{on}."),
            "Ongeza pesa, kisha ujaribu tena.",
            "Au tumia nambari nyingine, kadi au uhamisho wa benki.",
        ),
        FailureCode::WrongPin => failed(
            "Haijalipwa: PIN haikuwa sahihi".to_owned(),
            format!("{provider} haikukubali PIN{on}."),
            "Jaribu tena kwa PIN sahihi. Makosa mengi hufunga akaunti.",
            OTHER,
        ),
        FailureCode::CancelledByCustomer => failed(
            "Haijalipwa: umeghairi".to_owned(),
            format!("{provider} inasema malipo ya {amount} yameghairiwa{on}."),
            "Jaribu tena ukiwa tayari.",
            OTHER,
        ),
        FailureCode::NoResponse => failed(
            "Haijalipwa: simu haikujibu".to_owned(),
            format!("{provider} haikuifikia simu, au PIN haikuwekwa kwa wakati{on}."),
            "Washa simu na skrini, kisha ujaribu tena.",
            OTHER,
        ),
        FailureCode::ExpiredCard => failed(
            "Haijalipwa: kadi imekwisha muda".to_owned(),
            format!("Benki imekataa {amount}: tarehe ya kadi imepita."),
            "Angalia tarehe kwenye kadi, kisha ujaribu kadi nyingine.",
            OTHER,
        ),
        FailureCode::CardDetailsWrong => failed(
            "Haijalipwa: maelezo ya kadi si sahihi".to_owned(),
            format!(
                "Nambari, tarehe au msimbo wa usalama haukuwa sahihi, {provider} haikuchukua kitu."
            ),
            "Jaribu tena ukiandika kama ilivyo kwenye kadi.",
            OTHER,
        ),
        FailureCode::AuthenticationFailed => failed(
            "Haijalipwa: benki yako haikukuthibitisha".to_owned(),
            format!("Uthibitisho wa benki kwa {amount} haukukamilika."),
            "Jaribu tena, na uthibitishe kwenye programu ya benki yako au kwa msimbo wake.",
            OTHER,
        ),
        FailureCode::WrongCode => failed(
            "Haijalipwa: msimbo si sahihi au umechelewa".to_owned(),
            format!("{provider} haikukubali msimbo wa mara moja{on}."),
            "Jaribu tena kwa msimbo mpya zaidi uliotumiwa.",
            OTHER,
        ),
        FailureCode::CardNotSupported => failed(
            "Haijalipwa: kadi hii haitumiki hapa".to_owned(),
            format!("{provider} haipokei aina hii ya kadi, au benki yako hairuhusu."),
            "Tumia kadi nyingine.",
            OTHER,
        ),
        FailureCode::PayerUnknown => failed(
            format!("Haijalipwa: {provider} haiitambui nambari"),
            format!("Hakuna akaunti ya {provider}{on}."),
            "Angalia nambari, kisha ujaribu tena.",
            OTHER,
        ),
        FailureCode::PhoneBusy => failed(
            "Haijalipwa: simu ina shughuli nyingine".to_owned(),
            format!("Kuna ombi lingine la {provider} lililo wazi{on}."),
            "Funga au maliza ombi hilo, subiri dakika moja, kisha ujaribu tena.",
            OTHER,
        ),
        FailureCode::AmountLimit => failed(
            "Haijalipwa: kiasi hakiruhusiwi".to_owned(),
            format!("{provider} haipokei {amount} kwa mara moja."),
            "Chagua njia nyingine ya kulipa.",
            "Au mwombe muuzaji agawanye kiasi hicho.",
        ),
        FailureCode::PayerLimit => failed(
            "Haijalipwa: umefikia kikomo chako".to_owned(),
            format!("{amount} zinazidi kiasi ambacho {provider} inakuruhusu kulipa sasa{on}."),
            "Jaribu tena kesho, au tumia nambari nyingine.",
            OTHER,
        ),
        FailureCode::MerchantLimit => failed(
            format!("Haijalipwa: {merchant} hawawezi kupokea sasa"),
            format!(
                "Akaunti ya {merchant} kwenye {provider} haiwezi kupokea {amount}. Si kosa lako."
            ),
            "Chagua njia nyingine ya kulipa.",
            "Au muulize muuzaji.",
        ),
        FailureCode::RepeatedTooSoon => failed(
            "Haijalipwa: umeomba mara mbili kwa muda mfupi".to_owned(),
            format!("{provider} haikubali kiasi kilekile kutoka kwa mtu yuleyule haraka hivyo."),
            "Subiri dakika mbili, kisha ujaribu tena.",
            OTHER,
        ),
        FailureCode::AccountLocked => failed(
            format!("Haijalipwa: akaunti yako ya {provider} imefungwa"),
            format!("{provider} hairuhusu akaunti hii kulipa{on}."),
            format!("Waombe {provider} waifungue."),
            "Au tumia nambari nyingine, kadi au uhamisho wa benki.",
        ),
        FailureCode::Expired => failed(
            "Haijalipwa: muda umeisha".to_owned(),
            format!("Malipo ya {amount} hayakutufikia kwa wakati kupitia {provider}."),
            "Ikiwa akaunti yako inaonyesha umelipa, usilipe tena. Pesa inayochelewa bado inahesabiwa.",
            "La sivyo jaribu tena, au lipa kwa njia nyingine.",
        ),
        FailureCode::ProviderUnavailable => failed(
            format!("Haijalipwa: {provider} haifanyi kazi sasa"),
            format!("{provider} haikupokea malipo ya {amount}."),
            "Subiri dakika chache, kisha ujaribu tena.",
            OTHER,
        ),
        FailureCode::ProviderMisconfigured => failed(
            format!("Haijalipwa: {provider} haijawekwa vizuri"),
            format!("{merchant} wanapaswa kurekebisha mpangilio. Si kosa lako."),
            "Chagua njia nyingine ya kulipa.",
            "Au mwambie muuzaji.",
        ),
        FailureCode::RejectedByStaff => failed(
            "Uthibitisho wako haukukubaliwa".to_owned(),
            format!(
                "{merchant} hawakuweza kuuhusisha na {amount}. Pesa uliyotuma haijapotea: itahesabiwa hapa au itarudi kwako."
            ),
            "Muulize muuzaji kosa lilikuwa nini.",
            "Au tuma uthibitisho mpya, au lipa kwa njia nyingine.",
        ),
    }
}

fn order_status(status: OrderStatus) -> Sentence {
    match status {
        OrderStatus::Open => say("Hii bado haijalipwa.", "Chagua njia unayopenda kulipa."),
        OrderStatus::PartiallyPaid => say("Sehemu imelipwa.", "Lipa kilichobaki hapa."),
        OrderStatus::Paid => say("Hii imelipwa.", "Hifadhi risiti."),
        OrderStatus::Cancelled => say("Muuzaji ameifuta.", "Hakuna cha kulipa."),
        OrderStatus::Expired => say("Muda wa kulipa umeisha.", "Mwombe muuzaji akifungue tena."),
    }
}

fn payment_status(status: PaymentStatus) -> Sentence {
    match status {
        PaymentStatus::Created => say("Malipo yanaanza.", "Subiri kidogo."),
        PaymentStatus::Pending => say(
            "Malipo yako njiani.",
            "Subiri hapa, jibu litakuja kwenye ukurasa huu.",
        ),
        PaymentStatus::RequiresAction => say(
            "Malipo yanakusubiri.",
            "Yamalize kwenye simu yako au ukurasa wa mtoa huduma.",
        ),
        PaymentStatus::Processing => say("Malipo yanashughulikiwa.", "Subiri, na usilipe tena."),
        PaymentStatus::Unknown => say(
            "Bado hatujui kama pesa imelipwa.",
            "Subiri, na usilipe tena. Tunaendelea kuuliza.",
        ),
        PaymentStatus::Mismatched => say("Mtu anakagua malipo haya.", "Subiri, na usilipe tena."),
        PaymentStatus::Succeeded => say("Pesa imefika.", "Hifadhi risiti."),
        PaymentStatus::Failed => say(
            "Malipo hayakufanikiwa.",
            "Jaribu tena, au lipa kwa njia nyingine.",
        ),
        PaymentStatus::Cancelled => say("Malipo yameghairiwa.", "Jaribu tena ukiwa tayari."),
        PaymentStatus::Expired => say(
            "Muda wa malipo haya umeisha.",
            "Ikiwa umelipa, usilipe tena. La sivyo jaribu tena.",
        ),
    }
}

fn proof_status(status: ProofStatus) -> Sentence {
    match status {
        ProofStatus::Submitted => say(
            "Tumepokea uthibitisho wako.",
            "Mtu anaukagua. Huna haja ya kuutuma tena.",
        ),
        ProofStatus::MoreWanted => say(
            "Kitu kimoja zaidi kinahitajika.",
            "Tuma anachoomba muuzaji.",
        ),
        ProofStatus::Approved => say("Uthibitisho wako umekubaliwa.", "Hifadhi risiti."),
        ProofStatus::Rejected => say(
            "Uthibitisho wako haukukubaliwa.",
            "Tuma uthibitisho mwingine, au lipa kwa njia nyingine.",
        ),
    }
}

fn flag(flag: Flag) -> Sentence {
    match flag {
        Flag::Late => say(
            "Pesa yako ilichelewa, na imehesabiwa.",
            "Huhitaji kufanya chochote.",
        ),
        Flag::Duplicate => say("Umelipa mara mbili.", "Malipo ya pili yatarudi kwako."),
        Flag::Over => say(
            "Umelipa zaidi ya ulichodaiwa.",
            "Kilichozidi kitarudi kwako.",
        ),
        Flag::Short => say("Kimefika kiasi pungufu.", "Lipa kilichobaki hapa."),
        Flag::PaidAfterCancel => say("Umelipa baada ya hii kufutwa.", "Pesa itarudi kwako."),
    }
}

fn input(code: InputCode) -> &'static str {
    match code {
        InputCode::Invalid => "Hii haionekani sahihi. Tafadhali iangalie.",
        InputCode::Required => "Tafadhali jaza hapa.",
        InputCode::Length => "Hii ni ndefu mno. Tafadhali ifupishe.",
        InputCode::PhoneRequired => "Tafadhali andika nambari ya simu itakayolipa.",
        InputCode::PhoneInvalid => {
            "Hatuitambui nambari hii ya simu. Iandike kama 0712 345 678 au +254 712 345 678."
        }
        InputCode::PhoneTooShort => "Nambari ni fupi mno. Tafadhali angalia kila tarakimu.",
        InputCode::PhoneTooLong => "Nambari ni ndefu mno. Tafadhali angalia kila tarakimu.",
        InputCode::PhoneNotOfCountry => {
            "Nambari hii ni ya nchi ambako njia hii ya kulipa haifanyi kazi. Andika nambari nyingine, au lipa kwa njia nyingine."
        }
        InputCode::PhoneNotOfOperator => {
            "Nambari hii ni ya mtandao mwingine. Andika nambari ya mtandao huu, au lipa kwa njia nyingine."
        }
        InputCode::EmailRequired => "Tafadhali andika barua pepe yako.",
        InputCode::EmailInvalid => {
            "Anwani ya barua pepe haijakamilika. Inafanana na jina@example.com."
        }
        InputCode::MethodRequired => "Tafadhali chagua njia ya kulipa.",
        InputCode::MethodNotSupported
        | InputCode::MethodNotConfigured
        | InputCode::MethodUnknown
        | InputCode::ProviderNotAvailable
        | InputCode::ProviderUnknown => {
            "Njia hii ya kulipa haipatikani sasa. Tafadhali chagua nyingine."
        }
        InputCode::CurrencyNotSupported | InputCode::MethodNotForCurrency => {
            "Njia hii haipokei sarafu hii. Tafadhali chagua nyingine."
        }
        InputCode::AmountTooSmall => "Kiasi ni kidogo mno kwa njia hii. Tafadhali chagua nyingine.",
        InputCode::AmountTooLarge => {
            "Kiasi ni kikubwa mno kwa njia hii. Tafadhali chagua nyingine."
        }
        InputCode::AmountNotRepresentable => {
            "Njia hii haiwezi kupokea kiasi kamili. Tafadhali chagua nyingine."
        }
        InputCode::PaymentInFlight => {
            "Tayari kuna ombi lililotumwa kwenye simu hii. Lijibu, au subiri limalizike."
        }
        InputCode::PaymentUnknown => {
            "Bado hatujui malipo yako ya mwisho yameishaje. Subiri jibu lake, na usilipe tena."
        }
        InputCode::OrderClosed => "Hii haiwezi kulipwa tena.",
        InputCode::ProofEmpty => "Tafadhali weka picha, maandishi ya SMS au nambari ya muamala.",
        InputCode::ProofClosed => "Uthibitisho huu umeshaamuliwa.",
        InputCode::ProofWaits => {
            "Uthibitisho wako wa mwisho tayari unaangaliwa. Huhitaji kutuma mwingine."
        }
        InputCode::UploadSlow => {
            "Upakiaji ulikuwa wa polepole mno na ukakatika. Jaribu tena kwa picha ndogo au nambari ya muamala pekee."
        }
        InputCode::ReferenceAscii => {
            "Nambari ya muamala ina herufi za Kilatini na tarakimu pekee. Inakili kutoka kwenye risiti au SMS."
        }
        InputCode::FileTooLarge => "Faili inazidi MB 8. Piga picha ndogo au picha ya skrini.",
        InputCode::FileType => {
            "JPG, PNG na PDF pekee ndizo zinazosomeka hapa. Piga picha ya skrini na uitume."
        }
        InputCode::FileUnreadable | InputCode::FileEmpty => {
            "Faili haisomeki. Piga picha tena na uitume."
        }
        InputCode::AmountInvalid => "Kiasi hakisomeki. Andika namba, kwa mfano 1,500.",
        InputCode::AmountOutside => "Chagua kiasi kati ya cha chini na cha juu.",
        InputCode::ReferenceInvalid => {
            "Hii haionekani kama nambari ya muamala. Inakili kutoka kwenye risiti au SMS."
        }
        InputCode::Trouble => "Kuna hitilafu hapa. Hakuna kilichotumwa. Tafadhali jaribu tena.",
    }
}
