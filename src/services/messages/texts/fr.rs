//! Français.
use super::Texts;

pub const TEXTS: Texts = Texts {
    hello: |name| format!("Bonjour {name},"),
    hello_plain: "Bonjour,",

    for_: "Pour",
    amount: "Montant",
    paid: "Payé",
    reference: "Référence",
    paid_with: "Payé avec",
    code: "Code",
    receipt_number: "Numéro du reçu",
    date: "Date",
    pay_by: "À payer avant",
    left: "Reste à payer",
    given_back: "Remboursé",
    merchant_says: "Leur message",
    plan: "Formule",
    ends: "Se termine",

    receipt_subject: |amount, merchant| format!("Reçu : {amount} à {merchant}"),
    receipt_body: |merchant| format!("Votre paiement à {merchant} est bien arrivé. Merci."),
    see_receipt: "Voir le reçu",
    receipt_sms: |amount, merchant, number| {
        format!("{merchant} : {amount} reçus, merci. Reçu {number} :")
    },

    request_subject: |amount, merchant| format!("Veuillez payer {amount} à {merchant}"),
    request_body: |merchant, amount| {
        format!(
            "{merchant} vous demande de payer {amount}. Rien n’est débité avant votre confirmation."
        )
    },
    pay_now: "Payer maintenant",
    request_sms: |amount, merchant| format!("{merchant} vous demande de payer {amount} :"),

    reminder_subject: |amount, merchant| format!("Rappel : {amount} à {merchant}"),
    reminder_body: |merchant, amount, day| {
        format!("{merchant} vous rappelle de payer {amount} avant le {day}.")
    },
    reminder_late_body: |merchant, amount, day| {
        format!("{merchant} vous rappelle que {amount} était à payer avant le {day}.")
    },
    reminder_paid: "Si vous avez payé entre-temps, vous n’avez rien à faire.",

    rejected_subject: |merchant| format!("{merchant} n’a pas pu accepter votre justificatif"),
    rejected_body: |merchant, amount| {
        format!("{merchant} a examiné votre justificatif pour {amount} et n’a pas pu l’accepter.")
    },
    rejected_next: "Si vous avez payé, l’argent n’est pas perdu : envoyez un autre justificatif, ou posez-leur la question.",
    pay_or_send: "Payer, ou envoyer un autre justificatif",

    more_subject: |merchant| format!("{merchant} a besoin de précisions sur votre paiement"),
    more_body: |merchant, amount| {
        format!("{merchant} a examiné votre justificatif pour {amount} et a besoin de précisions.")
    },
    send_more: "Envoyer ce qui manque",

    refund_subject: |amount, merchant| format!("{merchant} a remboursé {amount}"),
    refund_body: |amount, merchant| {
        format!("{merchant} vous a remboursé {amount}, par le moyen de votre paiement.")
    },
    refund_next: "Les banques peuvent mettre quelques jours à l’afficher.",

    renewal_subject: |plan, day| format!("{plan} se termine le {day}"),
    renewal_body: |plan, merchant, day| {
        format!("Votre formule {plan} chez {merchant} se termine le {day}. Payez pour la garder.")
    },
    renewal_late_subject: |plan, day| format!("{plan} s’est terminé le {day}"),
    renewal_late_body: |plan, merchant, day| {
        format!(
            "Votre formule {plan} chez {merchant} s’est terminée le {day}. Payez bientôt pour la garder."
        )
    },
    renew_now: "Renouveler",

    questions: |merchant, contact| format!("Une question ? Demandez à {merchant} : {contact}"),
    no_answer: |merchant| format!("Vous recevez ce message à cause d’un paiement à {merchant}."),
    no_secrets: "Personne ne vous demandera un code PIN, un mot de passe ou un numéro de carte dans un message.",
};
