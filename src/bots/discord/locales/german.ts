/** German, informal. */
import type { Translation } from './translation.ts';

export const GERMAN: Translation = {
  continue: 'Als Science-Fiction fortsetzen',
  texts: {
    scifi: ['scifi', 'Ein neuronales Netz setzt deinen Anfang als Science-Fiction fort, auf Englisch'],
    'scifi prompt': ['anfang', 'So beginnt die Geschichte, auf Englisch, etwa: It all began with'],
    'scifi preset': ['voreinstellung', 'Wie die Zeichen ausgewählt werden; Standard: lively'],
    'scifi temperature': [
      'temperatur',
      'Für die Voreinstellung classic: von 0, vorhersehbar, bis 2; Standard: 0.4',
    ],
    'scifi length': ['länge', 'Höchstzahl der Zeichen der ganzen Geschichte; Standard: 1200'],
    'scifi seed': ['startwert', 'Derselbe Startwert ergibt dieselbe Geschichte noch einmal'],
    'scifi model': ['modell', 'Das Modell, das schreibt'],
    'scifi private': [
      'privat',
      'Nur du siehst die Geschichte, in einer Nachricht, die höchstens 15 Minuten lang wächst',
    ],
    'scifi-vote': [
      'scifi-abstimmung',
      'Der Kanal entscheidet Runde für Runde, wie eine Geschichte auf Englisch weitergeht',
    ],
    'scifi-vote prompt': ['anfang', 'So beginnt die Geschichte, auf Englisch, etwa: It all began with'],
    'scifi-vote rounds': ['runden', 'Wie oft der Kanal entscheidet; Standard: 5'],
    'scifi-vote seconds': ['sekunden', 'Wie lange in einer Runde abgestimmt wird; Standard: 60'],
    'scifi-vote preset': ['voreinstellung', 'Wie die Zeichen ausgewählt werden; Standard: lively'],
    'scifi-book': ['scifi-buch', 'Die besten Geschichten dieses Kanals als Buch, nur für dich'],
    'scifi-book format': ['format', 'Die Datei, die du bekommst; Standard: epub'],
    'scifi-book stories': ['geschichten', 'Höchstzahl der Geschichten darin; Standard: 20'],
    'scifi-channel': [
      'scifi-kanal',
      'Aus Nachrichten dieses Kanals Geschichten auf Englisch machen; Einstellungen sehen und ändern',
    ],
    'scifi-channel on': ['ein', 'Nachrichten hier mit Geschichten auf Englisch beantworten'],
    'scifi-channel on messages': ['nachrichten', 'Welche Nachrichten'],
    'scifi-channel on cooldown': [
      'wartezeit',
      'Sekunden, bis dieselbe Person wieder eine Antwort bekommt; Standard: 30',
    ],
    'scifi-channel on minimum': [
      'mindestlänge',
      'Zeichen, die eine Nachricht mindestens haben muss; Standard: 10',
    ],
    'scifi-channel on threads': ['threads', 'Ein Thread für jede Geschichte'],
    'scifi-channel on preset': ['voreinstellung', 'Wie die Zeichen hier ausgewählt werden; Standard: lively'],
    'scifi-channel daily': [
      'täglich',
      'Jeden Tag einen Anfang auf Englisch posten, den alle fortsetzen können',
    ],
    'scifi-channel daily hour': ['stunde', 'Die Stunde des Tages, 0 bis 23'],
    'scifi-channel daily timezone': ['zeitzone', 'Zum Beispiel Europe/Vienna; Standard: UTC'],
    'scifi-channel daily preset': [
      'voreinstellung',
      'Wie die Zeichen hier ausgewählt werden; Standard: lively',
    ],
    'scifi-channel status': [
      'status',
      'Die Einstellungen dieses Kanals und die Berechtigungen, die dafür fehlen',
    ],
    'scifi-channel off': ['aus', 'Hier keine Nachrichten beantworten und keinen täglichen Anfang posten'],
    'scifi-limits': ['scifi-limits', 'Sehen und ändern, wie viele Geschichten man hier anfordern darf'],
    'scifi-limits show': ['anzeigen', 'Die Limits dieses Servers'],
    'scifi-limits set': ['setzen', 'Weniger Geschichten erlauben als der Betreiber dieses Bots'],
    'scifi-limits set person-at-once': [
      'person-gleichzeitig',
      'Geschichten, die eine Person gleichzeitig haben darf, wartende mitgezählt',
    ],
    'scifi-limits set person-hourly': [
      'person-pro-stunde',
      'Geschichten, die eine Person innerhalb einer Stunde anfordern darf',
    ],
    'scifi-limits set all-at-once': [
      'alle-gleichzeitig',
      'Geschichten, die alle zusammen gleichzeitig haben dürfen',
    ],
    'scifi-limits set all-hourly': [
      'alle-pro-stunde',
      'Geschichten, die alle zusammen innerhalb einer Stunde anfordern dürfen',
    ],
    'scifi-limits reset': ['zurücksetzen', 'Zurück zu dem, was der Betreiber dieses Bots erlaubt'],
    'scifi-block': [
      'scifi-sperren',
      'Sehen und ändern, für wen und in welchen Kanälen hier keine Geschichten geschrieben werden',
    ],
    'scifi-block list': ['liste', 'Die Personen und Kanäle, die auf diesem Server gesperrt sind'],
    'scifi-block add': ['hinzufügen', 'Für eine Person oder in einem Kanal keine Geschichten mehr schreiben'],
    'scifi-block add user': ['person', 'Eine Person, auf diesem Server'],
    'scifi-block add channel': ['kanal', 'Ein Kanal, mit seinen Threads'],
    'scifi-block remove': ['entfernen', 'Für sie wieder Geschichten schreiben'],
    'scifi-block remove user': ['person', 'Eine Person, auf diesem Server'],
    'scifi-block remove channel': ['kanal', 'Ein Kanal, mit seinen Threads'],
    'scifi-privacy': ['scifi-datenschutz', 'Welche Daten von dir gespeichert werden und wie lange'],
    'scifi-forget': [
      'scifi-vergessen',
      'Deine Geschichten stoppen und die Daten löschen, die von dir gespeichert sind',
    ],
  },
  choices: {
    'preset classic': 'classic: eine einzige Temperatur, wie in Version 0.1',
    'preset calm': 'calm: wahrscheinliche Wörter, ruhige Sätze',
    'preset lively': 'lively: abwechslungsreiche Wörter, die meistens Sinn ergeben',
    'preset wild': 'wild: unwahrscheinliche Wörter und Überraschungen',
    'format epub': 'EPUB: ein Buch für E-Reader',
    'format html': 'HTML: eine Webseite in einer Datei',
    'format markdown': 'Markdown: Text mit Überschriften, deine Worte fett',
    'format text': 'Nur Text: die Geschichte und die Angaben zu ihr',
    'messages every': 'jede Nachricht',
    'messages mentions': 'nur solche, die den Bot erwähnen',
  },
};
