//! Français.
use super::{
    Facts, FailureText, How, InputCode, MockOutcome, Outcome, Sentence, Texts, failed, say,
};
use crate::domain::method::{Method, MethodGroup};
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::payment::{FailureCode, Flag, PaymentStatus};
use crate::domain::proof::ProofStatus;

const OTHER: &str = "Ou payez autrement.";

pub const TEXTS: Texts = Texts {
    language: "Langue",
    error_title: |what| format!("Erreur : {what}"),
    test_mode: "Mode test",
    test_note: "Les paiements ici ne comptent pas",
    test_tag: "Test",
    test_prefix: "[TEST]",
    test_mark: "TEST",
    test_button: |button| format!("{button} (test)"),
    ask_merchant: |merchant| format!("Une question sur ce paiement ? Demandez à {merchant}"),
    email: "E-mail",
    kind,
    pay_by: "À payer avant",
    left_to_pay: "Reste à payer",
    paid_so_far: "Déjà payé",
    part_of: |n, of| format!("Échéance {n} sur {of}"),
    next_part: "Prochaine échéance",
    amount_by: |amount, day| format!("{amount} avant le {day}"),
    pay_whole: |amount| format!("Payer {amount} en une fois"),
    pay_part: |amount| format!("Payer seulement cette échéance, {amount}"),

    pay_title: |amount, merchant| format!("Payer {amount} à {merchant}"),
    how_pay: "Comment voulez-vous payer ?",
    group,
    method_name,
    method_hint,
    recommended: "Recommandé",
    fee: |amount| format!("plus des frais d’environ {amount}"),
    fee_some: "plus les frais du prestataire",
    continue_: "Continuer",
    nothing_taken_yet: "Rien n’est encore prélevé. Vous confirmez à l’étape suivante.",
    test_stays_unpaid: "Mode test : ce que vous devez reste impayé.",
    return_unpaid: "Revenir sans payer",
    nothing_offered: "Le paiement n’est pas possible ici pour le moment",
    nothing_offered_next: "Aucun moyen de paiement ne convient à ce montant et à cette devise. Rien n’a été prélevé. Adressez-vous au marchand.",
    test_data: |provider| format!("Données de test {provider}"),
    test_use: |provider| format!("À saisir sur la page de {provider} ou comme votre numéro"),
    test_others: "Refus et autres résultats",
    simulator_only: "Fonctionne seulement dans le simulateur",
    outcome,

    pay_with: |provider| format!("Payer avec {provider}"),
    phone_label: |provider| format!("Votre numéro {provider}"),
    phone_hint: |_| "Le numéro qui paie".to_owned(),
    email_label: "Votre e-mail",
    email_hint: |provider| format!("{provider} y envoie son reçu"),
    send_prompt: "Envoyer la demande sur mon téléphone",
    comma: ",",
    pin_hint: "Tapez votre code PIN seulement sur votre téléphone, jamais sur une page web.",
    next_title: "La suite",
    prompt_steps: |provider| {
        [
            "Une demande s’ouvre sur ce téléphone.".to_owned(),
            format!("Vous y tapez votre code PIN {provider}."),
            "Votre reçu apparaît ici.".to_owned(),
        ]
    },
    page_steps: |provider| {
        [
            format!("Vous allez sur la page de {provider}."),
            "Vous y payez.".to_owned(),
            "Vous revenez, et votre reçu apparaît ici.".to_owned(),
        ]
    },
    other_ways: "Autres moyens de payer",
    ways_left: |ways| format!("Vous pouvez aussi payer par : {ways}."),
    go_to_page: |provider| format!("Aller sur la page de {provider}"),

    look_title: |provider, amount| format!("Regardez votre téléphone : {provider}, {amount}"),
    look_phone: "Regardez votre téléphone",
    type_pin: |provider, phone| format!("Tapez votre code PIN {provider} sur le {phone}."),
    prompt_picture: "À quoi ressemble la demande",
    prompt_pay: |amount, merchant| format!("Payer {amount} à {merchant} ?"),
    prompt_pin: |provider| format!("Code PIN {provider} :"),
    other_prompt: "Un autre nom ou montant sur votre téléphone ? Alors ne tapez pas votre code PIN.",
    step_sent: "Demande envoyée",
    step_phone: "Sur votre téléphone",
    step_pin: "attend votre code PIN",
    step_page: |provider| format!("Sur la page de {provider}"),
    step_confirms: |provider| format!("{provider} confirme"),
    step_done: "Terminé, avec reçu",
    step_asked: |time| format!("redemandé à {time}"),
    auto_check: "Cette page vérifie d’elle-même toutes les 5 secondes. Vous pouvez la fermer : le même lien montre ce qui s’est passé.",
    no_auto_check: "Cette page ne vérifie plus d’elle-même. Appuyez sur le bouton pour redemander. Vous pouvez la fermer : le même lien montre ce qui s’est passé.",
    nothing_on_phone: "Rien sur votre téléphone ?",
    phone_tips: |phone| {
        [
            "Allumez l’écran. La demande reste environ une minute.".to_owned(),
            format!("La SIM du {phone} doit être dans ce téléphone, avec du réseau."),
            "Si elle n’arrive pas, cette page vous le dit. Vous pourrez alors la renvoyer."
                .to_owned(),
        ]
    },
    check_now: "Vérifier maintenant",
    page_title: |provider| format!("Terminez sur la page de {provider}"),
    page_body: |provider, amount| {
        format!(
            "Si vous avez payé les {amount}, attendez ici : {provider} nous le dit, et cela s’affiche sur cette page."
        )
    },
    unknown_title: "Attendez, et ne payez pas une deuxième fois",
    unknown_body: |provider, amount| {
        format!(
            "{provider} ne nous a pas encore dit si les {amount} sont partis. Nous continuons à demander. La réponse arrive sur cette page."
        )
    },
    message_question: |provider| format!("{provider} vous a envoyé un message de paiement ?"),
    message_yes: "Oui : alors c’est payé. Cela s’affichera ici, même après des heures.",
    message_no: "Non : vérifiez d’abord ici, avant d’essayer un autre moyen.",
    mismatch_title: "Attendez, une personne vérifie",
    mismatch_body: |provider, merchant| {
        format!(
            "{provider} annonce autre chose que ce que nous avons demandé. {merchant} regarde maintenant. Ne payez pas une deuxième fois."
        )
    },

    by_hand_title,
    send_money: "1. Envoyez l’argent",
    show_us: "2. Montrez-nous que vous avez payé",
    copy_hint: "Appuyez longuement sur une valeur pour la copier.",
    bank: "Banque",
    branch: "Agence",
    account_name: "Nom du compte",
    account_number: "Numéro de compte",
    mobile_name: "Nom sur le compte",
    mobile_number: "Numéro mobile money",
    amount_exact: "Montant exact",
    reason: "Motif du paiement",
    from_merchant: |merchant| format!("De {merchant}"),
    cash_body: |amount, merchant| format!("Préparez {amount}. Vous payez {merchant} en espèces."),
    cash_proof: "Déjà payé ? Dites-le-nous, avec une photo du reçu papier si vous en avez un.",
    what_have: "Qu’avez-vous ?",
    have_photo: "Photo",
    have_sms: "SMS",
    have_number: "Numéro",
    photo_label: "Photo ou capture d’écran du reçu",
    photo_hint: "JPG, PNG ou PDF, 8 Mo au plus. Les quatre coins visibles.",
    sms_label: "SMS du paiement",
    sms_hint: "Ouvrez le SMS, copiez-le en entier, collez-le ici.",
    ref_label: "Numéro de transaction",
    ref_hint: "Sur le reçu ou dans le SMS, par exemple FT26324K8LQ",
    note_label: "Remarque, si vous voulez",
    send_proof: "Envoyer la preuve",
    checked_within: |limit| match limit {
        Some(count) => format!(
            "Une personne la vérifie, le plus souvent en {}.",
            hours(count)
        ),
        None => "Une personne la vérifie.".to_owned(),
    },

    pay_by_way: |way| format!("Payer par {way}"),
    way_instead: |way| format!("Payer plutôt par {way}"),
    till_way: |provider| format!("{provider} Till"),
    till_note: |merchant| {
        format!(
            "Un « till » ne demande pas de numéro de compte : {merchant} retrouve votre paiement par le montant exact."
        )
    },
    business_number: "Numéro d’entreprise",
    till_number: "Numéro de till",
    simple_phone: "Pas de données, ou un téléphone simple ?",
    dial: "Composez",
    then_pin: "Puis votre code PIN",
    have_paid: "J’ai payé : vérifier maintenant",
    seen_soon: "Nous le voyons aussi par nous-mêmes, le plus souvent en une minute.",
    not_shown: "J’ai payé, mais rien ne s’affiche",
    not_shown_body: |merchant| {
        format!(
            "Gardez le SMS et ne payez pas une seconde fois. Avec son code, {merchant} retrouve votre paiement, même si une lettre du numéro de compte était fausse."
        )
    },

    proof_sent_title: "Nous avons votre preuve",
    proof_sent_body: |limit| match limit {
        Some(count) => format!(
            "Une personne va la vérifier, le plus souvent en {}. Inutile de la renvoyer.",
            hours(count)
        ),
        None => "Une personne va la vérifier. Inutile de la renvoyer.".to_owned(),
    },
    step_proof_sent: "Preuve envoyée",
    step_proof_waits: "En attente de vérification",
    step_proof_checking: "En cours de vérification",
    since: |time| format!("depuis {time}"),
    step_answer: "Réponse, avec reçu",
    keep_link: "Gardez ce lien : la réponse s’affiche ici.",
    what_you_sent: "Ce que vous avez envoyé",
    proof_word: "Preuve",
    note_word: "Remarque",
    file_photo: |size| format!("Photo, {size}"),
    file_pdf: |size| format!("PDF, {size}"),
    review_title: "Votre preuve est en cours de vérification",
    review_body: |merchant| {
        format!("Quelqu’un chez {merchant} l’a ouverte. Cela prend quelques minutes.")
    },
    rejected_title: "Votre preuve n’a pas été acceptée",
    rejected_body: |merchant| format!("{merchant} n’a pas pu la relier à ce paiement."),
    send_another: "Envoyer une autre preuve",
    pay_another_way: "Payer autrement",
    money_not_lost: |merchant| {
        format!(
            "L’argent envoyé n’est pas perdu : il compte ici ou vous revient. Appelez {merchant} si c’est une erreur."
        )
    },
    more_title: "Il manque encore une chose",
    more_body: |merchant| format!("{merchant} a besoin d’un peu plus pour trouver votre paiement."),
    proof_kept: "Ce que vous avez déjà envoyé est gardé.",

    paid_title: |amount, merchant| format!("{amount} payés à {merchant}"),
    paid: "Payé",
    paid_test: "Payé, en mode test",
    paid_test_body: "Ce n’est pas un vrai paiement. Ce que vous devez reste impayé.",
    for_: "Pour",
    paid_with: "Payé avec",
    code_of: |provider| format!("Code {provider}"),
    receipt_number: "Numéro du reçu",
    date: "Date",
    given_back: "Remboursé",
    back_to: |merchant| format!("Retour à {merchant}"),
    keep_receipt: "Pour garder le reçu, ouvrez le menu de votre navigateur et choisissez Imprimer ou Partager.",

    failure,
    nothing_taken: "Rien n’a été prélevé.",
    what_you_can_do: "Ce que vous pouvez faire",
    try_again: |method| format!("Réessayer {method}"),
    tried: |date| format!("Essai du {date}."),
    payment_number: "Paiement numéro",
    bank_hold: "L’application de votre banque peut montrer le montant comme bloqué. La banque le libère d’elle-même en quelques jours.",

    expired_title: "Ce lien a expiré",
    expired_body: |date| format!("Il était ouvert jusqu’au {date}."),
    ask_new_link: |merchant| format!("Pour payer maintenant, demandez à {merchant} de le rouvrir."),
    did_you_pay: "Avez-vous déjà payé ?",
    late_counts: "Alors ne payez pas une deuxième fois. L’argent qui arrive en retard compte quand même.",
    look_for_payment: "Chercher mon paiement",
    cancelled_title: "Ceci a été annulé",
    cancelled_body: |merchant| format!("{merchant} l’a annulé. Il n’y a rien à payer."),
    already_title: "C’est déjà payé",
    already_body: "Plus rien à payer. Si quelqu’un vous redemande cet argent, montrez le reçu.",
    see_receipt: "Voir le reçu",
    twice_title: |amount| format!("Vous avez payé deux fois. {amount} vous reviennent"),
    twice_body: "Ce que vous deviez est payé. Vous n’avez rien à faire.",
    kept: "Gardé",
    comes_back: "Vous revient",
    where_is: |amount| format!("Où sont vos {amount}"),
    twice_saw: "Nous avons vu que c’est trop",
    twice_sends: |merchant| format!("{merchant} les renvoie"),
    twice_done: "De retour chez vous",
    over_title: |amount| format!("Vous avez trop payé. {amount} vous reviennent"),
    after_cancel_title: |amount| format!("Ceci était annulé. {amount} vous reviennent"),
    link_unknown_title: "Nous ne connaissons pas ce lien",
    link_unknown_body: "Il en manque peut-être une partie. Rouvrez-le depuis le message qui l’apportait, ou demandez-en un autre au marchand. Rien n’a été prélevé.",
    trouble_title: "Il y a eu un problème chez nous",
    trouble_body: "C’est notre faute. Rouvrez le lien dans une minute. Si vous étiez en train de payer, ne payez pas une deuxième fois : regardez d’abord ce lien.",

    pay_merchant: |merchant| format!("Payer {merchant}"),
    amount_label: "Montant",
    amount_between: |least, most| format!("De {least} à {most}"),
    name_label: "Votre nom",
    phone_label_any: "Votre téléphone",
    optional: "facultatif",
    contact_hint: |merchant| format!("Pour que {merchant} sache qui a payé"),
    link_off_title: "Ce lien ne prend plus de paiements",
    link_ended_title: "Ce lien est terminé",
    link_used_title: "Tout est pris sur ce lien",
    link_held_title: "Toutes les places sont retenues en ce moment",
    link_held_body: "D’autres personnes paient en ce moment. Une place qui n’est pas payée se libère après 30 minutes : rouvrez alors cette page.",
    link_ask_other: |merchant| {
        format!("Rien n’a été prélevé. Pour payer quand même, demandez un autre lien à {merchant}.")
    },

    mock_title: "Fournisseur de test : choisissez ce qui se passe",
    mock_body: "Aucun argent ne bouge ici. Chaque bouton termine le paiement à sa manière.",
    mock_outcome,

    order_status,
    payment_status,
    proof_status,
    flag,
    input,
};

fn hours(count: u32) -> String {
    match count {
        0 | 1 => format!("{count} heure"),
        more => format!("{more} heures"),
    }
}

fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Order => "Commande",
        OrderKind::Booking => "Réservation",
        OrderKind::Invoice => "Facture",
        OrderKind::Subscription => "Abonnement",
        OrderKind::Deposit => "Acompte",
    }
}

fn group(group: MethodGroup) -> &'static str {
    match group {
        MethodGroup::PhoneMoney => "Argent mobile",
        MethodGroup::Card => "Carte",
        MethodGroup::Bank => "Banque",
        MethodGroup::Cash => "Espèces",
        MethodGroup::Other => "Autre",
    }
}

fn method_name(method: Method, provider: &str) -> String {
    match method {
        Method::Card => "Carte bancaire".to_owned(),
        Method::Wallet => "Apple Pay ou Google Pay".to_owned(),
        Method::BankTransfer => "Virement bancaire".to_owned(),
        Method::Ussd => "USSD".to_owned(),
        Method::MobileMoney => "Mobile money".to_owned(),
        Method::StkPush | Method::Mock => provider.to_owned(),
        Method::Paybill => format!("{provider} Paybill"),
        Method::Gcash => "GCash".to_owned(),
        Method::Maya => "Maya".to_owned(),
        Method::GrabPay => "GrabPay".to_owned(),
        Method::Payme => "Uzcard ou HUMO".to_owned(),
        Method::CashOnDelivery => "Espèces".to_owned(),
    }
}

fn method_hint(how: How, provider: &str) -> String {
    match how {
        How::Prompt => "Une demande arrive sur votre téléphone".to_owned(),
        How::Page => format!("Vous terminez sur la page de {provider}"),
        How::Paybill => "Tapez vous-même, ou composez *334#".to_owned(),
        How::Transfer => {
            "Faites le virement, puis montrez-nous le reçu. Une personne vérifie".to_owned()
        }
        How::MobileByHand => "Envoyez depuis votre téléphone, puis montrez-nous le SMS".to_owned(),
        How::Cash => "Vous payez de la main à la main, en espèces".to_owned(),
    }
}

fn by_hand_title(method: Method) -> &'static str {
    match method {
        Method::BankTransfer | Method::Ussd => "Payer par virement bancaire",
        Method::CashOnDelivery => "Payer en espèces",
        Method::MobileMoney | Method::StkPush | Method::Paybill => "Payer par mobile money",
        Method::Card
        | Method::Wallet
        | Method::Gcash
        | Method::Maya
        | Method::GrabPay
        | Method::Payme
        | Method::Mock => "Payer soi-même",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Paid => "Payé",
        Outcome::Declined => "Refusé",
        Outcome::InsufficientFunds => "Solde trop bas",
        Outcome::WrongPin => "Code PIN faux",
        Outcome::Cancelled => "Annulé",
        Outcome::Unreachable => "Téléphone éteint",
        Outcome::NeverAnswers => "Sans réponse",
        Outcome::PaidAfterCheck => "Payé après vérification",
        Outcome::Expired => "Expire",
    }
}

fn mock_outcome(outcome: MockOutcome) -> &'static str {
    match outcome {
        MockOutcome::Paid => "Payer",
        MockOutcome::Declined => "Refuser",
        MockOutcome::Cancelled => "Annuler",
        MockOutcome::Expired => "Laisser expirer",
        MockOutcome::WrongAmount => "Payer un mauvais montant",
        MockOutcome::Processing => "Laisser en traitement",
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
    let on = phone.map_or_else(String::new, |phone| format!(" sur le {phone}"));
    match code {
        // The last four are refunds': no customer reads them.
        FailureCode::Declined
        | FailureCode::Blocked
        | FailureCode::MerchantBalanceLow
        | FailureCode::AlreadyRefunded
        | FailureCode::RefundTooLate
        | FailureCode::NotRefundable => failed(
            "Pas payé : le paiement a été refusé".to_owned(),
            format!("{provider} a transmis un refus pour {amount}, sans raison."),
            "Demandez à votre banque ou opérateur d’autoriser les paiements en ligne, puis réessayez.",
            OTHER,
        ),
        FailureCode::InsufficientFunds => failed(
            format!("Pas payé : solde {provider} trop bas"),
            format!("{provider} a trouvé moins de {amount}{on}."),
            "Ajoutez de l’argent, puis réessayez.",
            "Ou utilisez un autre numéro, une carte ou un virement.",
        ),
        FailureCode::WrongPin => failed(
            "Pas payé : le code PIN était faux".to_owned(),
            format!("{provider} n’a pas accepté le code PIN{on}."),
            "Réessayez avec le bon code. Trop d’erreurs bloquent le compte.",
            OTHER,
        ),
        FailureCode::CancelledByCustomer => failed(
            "Pas payé : vous avez annulé".to_owned(),
            format!("{provider} dit que le paiement de {amount} a été annulé{on}."),
            "Réessayez quand vous êtes prêt.",
            OTHER,
        ),
        FailureCode::NoResponse => failed(
            "Pas payé : le téléphone n’a pas répondu".to_owned(),
            format!(
                "{provider} n’a pas pu joindre le téléphone, ou le code PIN n’a pas été tapé à temps{on}."
            ),
            "Allumez le téléphone et l’écran, puis réessayez.",
            OTHER,
        ),
        FailureCode::ExpiredCard => failed(
            "Pas payé : la carte a expiré".to_owned(),
            format!("La banque a refusé {amount} : la date de la carte est dépassée."),
            "Regardez la date sur la carte et réessayez avec une autre.",
            OTHER,
        ),
        FailureCode::CardDetailsWrong => failed(
            "Pas payé : les données de la carte sont fausses".to_owned(),
            format!("Numéro, date ou code de sécurité ne vont pas ; {provider} n’a rien pris."),
            "Réessayez en les tapant comme sur la carte.",
            OTHER,
        ),
        FailureCode::AuthenticationFailed => failed(
            "Pas payé : votre banque n’a pas pu vous reconnaître".to_owned(),
            format!("La vérification de la banque pour {amount} n’a pas abouti."),
            "Réessayez et confirmez dans l’application de votre banque ou par son code.",
            OTHER,
        ),
        FailureCode::WrongCode => failed(
            "Pas payé : code faux ou trop tardif".to_owned(),
            format!("{provider} n’a pas accepté le code à usage unique{on}."),
            "Réessayez avec le dernier code reçu.",
            OTHER,
        ),
        FailureCode::CardNotSupported => failed(
            "Pas payé : cette carte ne passe pas ici".to_owned(),
            format!("{provider} ne prend pas ce type de carte, ou votre banque ne l’autorise pas."),
            "Utilisez une autre carte.",
            OTHER,
        ),
        FailureCode::PayerUnknown => failed(
            format!("Pas payé : {provider} ne connaît pas ce numéro"),
            format!("Il n’y a pas de compte {provider}{on}."),
            "Vérifiez le numéro, puis réessayez.",
            OTHER,
        ),
        FailureCode::PhoneBusy => failed(
            "Pas payé : le téléphone est occupé".to_owned(),
            format!("Une autre demande {provider} est ouverte{on}."),
            "Fermez ou terminez l’autre demande, attendez une minute, puis réessayez.",
            OTHER,
        ),
        FailureCode::AmountLimit => failed(
            "Pas payé : le montant ne convient pas".to_owned(),
            format!("{provider} ne prend pas {amount} en une fois."),
            "Choisissez un autre moyen de payer.",
            "Ou demandez au marchand de diviser le montant.",
        ),
        FailureCode::PayerLimit => failed(
            "Pas payé : votre limite est atteinte".to_owned(),
            format!("{amount} dépassent ce que {provider} vous laisse payer maintenant{on}."),
            "Réessayez demain, ou utilisez un autre numéro.",
            OTHER,
        ),
        FailureCode::MerchantLimit => failed(
            format!("Pas payé : {merchant} ne peut pas le recevoir maintenant"),
            format!(
                "Le compte de {merchant} chez {provider} ne peut pas recevoir {amount}. Ce n’est pas votre faute."
            ),
            "Choisissez un autre moyen de payer.",
            "Ou demandez au marchand.",
        ),
        FailureCode::RepeatedTooSoon => failed(
            "Pas payé : demandé deux fois en peu de temps".to_owned(),
            format!("{provider} refuse le même montant de la même personne si vite."),
            "Attendez deux minutes, puis réessayez.",
            OTHER,
        ),
        FailureCode::AccountLocked => failed(
            format!("Pas payé : votre compte {provider} est bloqué"),
            format!("{provider} ne laisse pas ce compte payer{on}."),
            format!("Demandez à {provider} de le débloquer."),
            "Ou utilisez un autre numéro, une carte ou un virement.",
        ),
        FailureCode::Expired => failed(
            "Pas payé : le temps est écoulé".to_owned(),
            format!("Aucun paiement de {amount} ne nous est parvenu à temps par {provider}."),
            "Si votre compte montre que vous avez payé, ne payez pas une deuxième fois. L’argent en retard compte quand même.",
            "Sinon, réessayez ou payez autrement.",
        ),
        FailureCode::ProviderUnavailable => failed(
            format!("Pas payé : {provider} ne marche pas en ce moment"),
            format!("{provider} n’a pas pris le paiement de {amount}."),
            "Attendez quelques minutes, puis réessayez.",
            OTHER,
        ),
        FailureCode::ProviderMisconfigured => failed(
            format!("Pas payé : {provider} est mal réglé"),
            format!("{merchant} doit corriger un réglage. Ce n’est pas votre faute."),
            "Choisissez un autre moyen de payer.",
            "Ou prévenez le marchand.",
        ),
        FailureCode::RejectedByStaff => failed(
            "Votre preuve n’a pas été acceptée".to_owned(),
            format!(
                "{merchant} n’a pas pu la relier à {amount}. L’argent envoyé n’est pas perdu : il compte ici ou vous revient."
            ),
            "Demandez au marchand ce qui n’allait pas.",
            "Ou envoyez une nouvelle preuve, ou payez autrement.",
        ),
    }
}

fn order_status(status: OrderStatus) -> Sentence {
    match status {
        OrderStatus::Open => say("Ce n’est pas encore payé.", "Choisissez comment payer."),
        OrderStatus::PartiallyPaid => say("Une partie est payée.", "Payez le reste ici."),
        OrderStatus::Paid => say("C’est payé.", "Gardez le reçu."),
        OrderStatus::Cancelled => say("Le marchand l’a annulé.", "Il n’y a rien à payer."),
        OrderStatus::Expired => say(
            "Le délai pour payer est passé.",
            "Demandez au marchand de le rouvrir.",
        ),
    }
}

fn payment_status(status: PaymentStatus) -> Sentence {
    match status {
        PaymentStatus::Created => say("Le paiement commence.", "Attendez un instant."),
        PaymentStatus::Pending => say(
            "Le paiement est en route.",
            "Attendez ici, la réponse arrive sur cette page.",
        ),
        PaymentStatus::RequiresAction => say(
            "Le paiement vous attend.",
            "Terminez-le sur votre téléphone ou sur la page du fournisseur.",
        ),
        PaymentStatus::Processing => say(
            "Le paiement est en traitement.",
            "Attendez, et ne payez pas une deuxième fois.",
        ),
        PaymentStatus::Unknown => say(
            "Nous ne savons pas encore si l’argent est parti.",
            "Attendez, et ne payez pas une deuxième fois. Nous continuons à demander.",
        ),
        PaymentStatus::Mismatched => say(
            "Une personne vérifie ce paiement.",
            "Attendez, et ne payez pas une deuxième fois.",
        ),
        PaymentStatus::Succeeded => say("L’argent est arrivé.", "Gardez le reçu."),
        PaymentStatus::Failed => say(
            "Le paiement n’a pas abouti.",
            "Réessayez, ou payez autrement.",
        ),
        PaymentStatus::Cancelled => say(
            "Le paiement a été annulé.",
            "Réessayez quand vous êtes prêt.",
        ),
        PaymentStatus::Expired => say(
            "Le délai de ce paiement est passé.",
            "Si vous avez payé, ne payez pas une deuxième fois. Sinon, réessayez.",
        ),
    }
}

fn proof_status(status: ProofStatus) -> Sentence {
    match status {
        ProofStatus::Submitted => say(
            "Nous avons votre preuve.",
            "Une personne la vérifie. Inutile de la renvoyer.",
        ),
        ProofStatus::MoreWanted => say(
            "Il manque encore une chose.",
            "Envoyez ce que le marchand demande.",
        ),
        ProofStatus::Approved => say("Votre preuve a été acceptée.", "Gardez le reçu."),
        ProofStatus::Rejected => say(
            "Votre preuve n’a pas été acceptée.",
            "Envoyez une autre preuve, ou payez autrement.",
        ),
    }
}

fn flag(flag: Flag) -> Sentence {
    match flag {
        Flag::Late => say(
            "Votre argent est arrivé en retard, et il compte.",
            "Vous n’avez rien à faire.",
        ),
        Flag::Duplicate => say(
            "Vous avez payé deux fois.",
            "Le deuxième paiement vous revient.",
        ),
        Flag::Over => say("Vous avez payé plus que dû.", "Le reste vous revient."),
        Flag::Short => say("Il est arrivé moins que dû.", "Payez le reste ici."),
        Flag::PaidAfterCancel => say(
            "Vous avez payé après l’annulation.",
            "L’argent vous revient.",
        ),
    }
}

fn input(code: InputCode) -> &'static str {
    match code {
        InputCode::Invalid => "Cela ne semble pas juste. Vérifiez, s’il vous plaît.",
        InputCode::Required => "À remplir, s’il vous plaît.",
        InputCode::Length => "C’est trop long. Raccourcissez, s’il vous plaît.",
        InputCode::PhoneRequired => "Tapez le numéro de téléphone qui paie.",
        InputCode::PhoneInvalid => {
            "Nous ne reconnaissons pas ce numéro. Tapez-le comme 0712 345 678 ou +254 712 345 678."
        }
        InputCode::PhoneTooShort => "Le numéro est trop court. Vérifiez chaque chiffre.",
        InputCode::PhoneTooLong => "Le numéro est trop long. Vérifiez chaque chiffre.",
        InputCode::PhoneNotOfCountry => {
            "Ce numéro est d’un pays où ce moyen de payer ne marche pas. Tapez un autre numéro, ou payez autrement."
        }
        InputCode::PhoneNotOfOperator => {
            "Ce numéro est d’un autre réseau. Tapez un numéro de celui-ci, ou payez autrement."
        }
        InputCode::EmailRequired => "Tapez votre e-mail.",
        InputCode::EmailInvalid => {
            "L’adresse e-mail n’est pas complète. Elle ressemble à nom@example.com."
        }
        InputCode::MethodRequired => "Choisissez un moyen de payer.",
        InputCode::MethodNotSupported
        | InputCode::MethodNotConfigured
        | InputCode::MethodUnknown
        | InputCode::ProviderNotAvailable
        | InputCode::ProviderUnknown => {
            "Ce moyen de payer n’est pas ouvert. Choisissez-en un autre."
        }
        InputCode::CurrencyNotSupported | InputCode::MethodNotForCurrency => {
            "Ce moyen ne prend pas cette devise. Choisissez-en un autre."
        }
        InputCode::AmountTooSmall => {
            "Le montant est trop petit pour ce moyen. Choisissez-en un autre."
        }
        InputCode::AmountTooLarge => {
            "Le montant est trop grand pour ce moyen. Choisissez-en un autre."
        }
        InputCode::AmountNotRepresentable => {
            "Ce moyen ne peut pas porter le montant exact. Choisissez-en un autre."
        }
        InputCode::PaymentInFlight => {
            "Une demande est déjà en route vers ce téléphone. Répondez-y, ou attendez qu’elle se termine."
        }
        InputCode::PaymentUnknown => {
            "Nous ne savons pas encore comment votre dernier paiement s’est terminé. Attendez sa réponse, et ne payez pas une deuxième fois."
        }
        InputCode::OrderClosed => "Ceci ne peut plus être payé.",
        InputCode::ProofEmpty => "Ajoutez une photo, le texte du SMS ou le numéro de transaction.",
        InputCode::ProofClosed => "Cette preuve est déjà décidée.",
        InputCode::ProofWaits => {
            "Votre dernière preuve est déjà à l’étude. Inutile d’en envoyer une autre."
        }
        InputCode::UploadSlow => {
            "L’envoi était trop lent et s’est interrompu. Réessayez avec une photo plus petite ou seulement le numéro de transaction."
        }
        InputCode::ReferenceAscii => {
            "Un numéro de transaction n’a que des lettres latines et des chiffres. Copiez-le du reçu ou du SMS."
        }
        InputCode::FileTooLarge => {
            "Le fichier dépasse 8 Mo. Prenez une photo plus petite ou une capture d’écran."
        }
        InputCode::FileType => {
            "Seuls JPG, PNG et PDF peuvent être lus ici. Faites une capture d’écran et envoyez-la."
        }
        InputCode::FileUnreadable | InputCode::FileEmpty => {
            "Le fichier ne peut pas être lu. Reprenez la photo et envoyez-la."
        }
        InputCode::AmountInvalid => {
            "Le montant n’est pas lisible. Écrivez un nombre, par exemple 1500."
        }
        InputCode::AmountOutside => "Choisissez un montant entre le plus bas et le plus haut.",
        InputCode::ReferenceInvalid => {
            "Cela ne ressemble pas à un numéro de transaction. Copiez-le du reçu ou du SMS."
        }
        InputCode::Trouble => "Il y a eu un problème chez nous. Rien n’a été envoyé. Réessayez.",
    }
}
