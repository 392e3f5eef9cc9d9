/** French, informal. */
import type { Translation } from './translation.ts';

export const FRENCH: Translation = {
  continue: 'Continuer en science-fiction',
  texts: {
    scifi: ['scifi', 'Un réseau de neurones continue ton début en science-fiction, en anglais'],
    'scifi prompt': ['début', 'Le début de l’histoire, en anglais, par exemple : It all began with'],
    'scifi preset': ['préréglage', 'La façon de choisir les caractères ; lively par défaut'],
    'scifi temperature': ['température', 'Du préréglage classic : de 0, prévisible, à 2 ; 0.4 par défaut'],
    'scifi length': ['longueur', 'Le nombre maximal de caractères de toute l’histoire ; 1200 par défaut'],
    'scifi seed': ['graine', 'La même graine écrit de nouveau la même histoire'],
    'scifi model': ['modèle', 'Le modèle qui écrit'],
    'scifi private': [
      'privé',
      'Visible par toi uniquement, en un seul message, qui s’allonge pendant 15 minutes au plus',
    ],
    'scifi-book': ['scifi-livre', 'Les meilleures histoires de ce salon en un livre, rien que pour toi'],
    'scifi-book format': ['format', 'Le fichier que tu reçois ; epub par défaut'],
    'scifi-book stories': ['histoires', 'Le nombre maximal d’histoires ; 20 par défaut'],
    'scifi-channel': [
      'scifi-salon',
      'Répondre aux messages de ce salon par des histoires en anglais, voir et modifier ses réglages',
    ],
    'scifi-channel on': ['activer', 'Répondre ici aux messages par des histoires en anglais'],
    'scifi-channel on messages': ['messages', 'Quels messages'],
    'scifi-channel on cooldown': [
      'délai',
      'Secondes avant de répondre de nouveau à la même personne ; 30 par défaut',
    ],
    'scifi-channel on minimum': ['minimum', 'Caractères qu’un message doit avoir ; 10 par défaut'],
    'scifi-channel on threads': ['fils', 'Un fil pour chaque histoire'],
    'scifi-channel on preset': ['préréglage', 'La façon de choisir les caractères ici ; lively par défaut'],
    'scifi-channel daily': [
      'quotidien',
      'Publier chaque jour un début en anglais, que tout le monde peut continuer',
    ],
    'scifi-channel daily hour': ['heure', 'L’heure du jour, de 0 à 23'],
    'scifi-channel daily timezone': ['fuseau-horaire', 'Par exemple Europe/Vienna ; UTC par défaut'],
    'scifi-channel daily preset': [
      'préréglage',
      'La façon de choisir les caractères ici ; lively par défaut',
    ],
    'scifi-channel status': ['état', 'Les réglages de ce salon et les permissions qui manquent'],
    'scifi-channel off': [
      'désactiver',
      'Ne pas répondre aux messages ici et ne pas publier de début quotidien',
    ],
    'scifi-limits': [
      'scifi-limites',
      'Voir et modifier combien d’histoires les membres peuvent demander ici',
    ],
    'scifi-limits show': ['voir', 'Les limites de ce serveur'],
    'scifi-limits set': ['définir', 'Autoriser moins d’histoires que l’opérateur de ce bot'],
    'scifi-limits set person-at-once': [
      'personne-en-cours',
      'Histoires qu’une personne peut avoir en cours, celles en attente comprises',
    ],
    'scifi-limits set person-hourly': [
      'personne-par-heure',
      'Histoires qu’une personne peut demander en une heure',
    ],
    'scifi-limits set all-at-once': [
      'tous-en-cours',
      'Histoires que tous les membres ensemble peuvent avoir en cours',
    ],
    'scifi-limits set all-hourly': [
      'tous-par-heure',
      'Histoires que tous les membres ensemble peuvent demander en une heure',
    ],
    'scifi-limits reset': ['réinitialiser', 'Revenir à ce qu’autorise l’opérateur de ce bot'],
    'scifi-block': [
      'scifi-bloquer',
      'Voir et modifier les membres et les salons pour lesquels aucune histoire n’est écrite ici',
    ],
    'scifi-block list': ['liste', 'Les membres et les salons bloqués sur ce serveur'],
    'scifi-block add': ['ajouter', 'Ne plus écrire d’histoires pour un membre ou dans un salon'],
    'scifi-block add user': ['membre', 'Un membre de ce serveur'],
    'scifi-block add channel': ['salon', 'Un salon, avec ses fils'],
    'scifi-block remove': ['retirer', 'Écrire de nouveau des histoires pour ce membre ou dans ce salon'],
    'scifi-block remove user': ['membre', 'Un membre de ce serveur'],
    'scifi-block remove channel': ['salon', 'Un salon, avec ses fils'],
    'scifi-privacy': [
      'scifi-confidentialité',
      'Quelles données te concernant sont conservées, et pendant combien de temps',
    ],
    'scifi-forget': ['scifi-oublier', 'Arrêter tes histoires et effacer les données conservées à ton sujet'],
  },
  choices: {
    'preset classic': 'classic : une seule température, comme dans la version 0.1',
    'preset calm': 'calm : des mots probables, des phrases calmes',
    'preset lively': 'lively : des mots variés, qui ont le plus souvent un sens',
    'preset wild': 'wild : des mots improbables et des surprises',
    'format epub': 'EPUB : un livre pour liseuses',
    'format html': 'HTML : une page web en un seul fichier',
    'format markdown': 'Markdown : du texte avec des titres, et tes mots en gras',
    'format text': 'Texte brut : le texte et ses crédits',
    'messages every': 'tous les messages',
    'messages mentions': 'seulement ceux qui mentionnent le bot',
  },
};
