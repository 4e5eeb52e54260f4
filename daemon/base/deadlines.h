/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every deadline and every bound on tries of the procedures, in one table: nothing waits for longer, nothing is
 * repeated more often. docs/deadlines.md shows the same table; tests/check-deadlines.py compares the two.
 *
 * One line each: name, value, and in the comment what is waited for | what comes after it | where the figure comes from
 * ("ours" where no document has one). _MS and _S are milliseconds and seconds; those marked "long" are scaled by tests
 * (base/timeout.h). */
#pragma once

/* One line is one row. */
/* clang-format off */

/* [AT dialogue] */
#define SQNS_WAKE_MS 350u         /* AT to a modem that may sleep | again, then STP RESET, then +++ | ours: ms when awake */
#define SQNS_WRITE_GRACE_MS 2000u /* a request goes out, on top of twice its time on the wire | Timeout | ours */
#define SQNS_WAKE_TRIES 3u        /* AT at each stage of waking, 2 after STP RESET | the next stage | ours */
#define SQNS_WAKE_QUIET_MS 30u    /* silence before each of these | AT | ours */
#define SQNS_SETTLE_TRIES 3u      /* AT that answers ERROR for leftover bytes | taken as awake | field-failures.md §2.3 */
#define SQNS_STP_RESET_MS 400u    /* answer to STP RESET in a left-open upload | AT again | protocol.md §3 */
#define SQNS_PPP_GUARD_MS 1150u   /* silence before and after +++ | AT again, then the modem counts as silent | protocol.md §2 */
#define SQNS_RESYNC_QUIET_MS 60u  /* silence after a command that failed | a probing AT | ours */
#define SQNS_RESYNC_MS 1000u      /* answer to that AT | the command fails with Timeout | ours */
#define SQNS_ANSWER_MS 5000u      /* answer to a command | asked again or passed over, by command | field-failures.md §2.8: 20 s */
#define SQNS_PROBE_MS 3000u       /* answer to ATE0, AT+SMOD?, ATI1, AT+SMUPGRADE? | see tries | ours */
#define SQNS_SHOWVER_MS 5000u     /* answer to AT!="showver", a long one | once more, then without it | ours */
#define SQNS_RADIO_MS 20000u      /* AT+CFUN=4, which leaves the network first | goes on without | field-failures.md §2.8 */
#define SQNS_SMOD_TRIES 3u        /* AT+SMOD? without a number | the mode is unknown | ours */
#define SQNS_SHOWVER_TRIES 2u     /* it says ERROR once and works the next time | without it | field-failures.md §2.3 */

/* [Boot modes] */
#define SQNS_BOOT_POLL_MS 500u    /* AT to a modem, an updater or a boot ROM that starts | a pause, AT again | ours */
#define SQNS_BOOT_ASK_MS 1500u    /* AT+SMOD? to it; it may go down just then | AT again | ours */
#define SQNS_BOOT_PAUSE_MS 250u   /* between two of them | AT | ours */
#define SQNS_BOOT_SILENCES 12u    /* AT without an answer, in a row | the other baud, where the link has one | field-failures.md §2.2 */
#define SQNS_BOOT_FFH_SILENCES 3u /* likewise on the way to the boot ROM, which talks at 115200 | likewise | protocol.md §2 */
#define SQNS_BOOT_FALLBACK_MS 5000u /* after ERROR to SMSWBOOT=n,1 | SMSWBOOT=n,0 and AT^RESET | protocol.md §2 */
#define SQNS_BOOT_ATTEMPTS 2u     /* switches asked for | ModemRefused, or Timeout with the mode that it is in | field row 3 */
#define SQNS_BOOT_UNCHANGED_S 20u /* long: the old mode still answers | the switch is asked for once more | field row 3 */
#define SQNS_BOOT_RECOVERY_S 180u /* long: recovery answers | Timeout; behind passthrough: another link first | ours */
#define SQNS_BOOT_FFH_S 60u       /* long: the boot ROM answers, which starts nothing | Timeout, or another link | ours */
#define SQNS_BOOT_APPLICATION_S 900u /* long: the application answers | Timeout, leave the power on; behind a board: another link first | field row 6: 10 min */
#define SQNS_BOOT_RESTORE_S 120u  /* long: back to the application when nothing was written | as it is, said so | ours */
#define SQNS_UPDATING_S 1200u     /* long: SMOD 3 ends by itself | Timeout, leave the power on | field row 6: over 10 min */

/* [Upload] */
#define SQNS_UPLOAD_COMMAND_MS 10000u /* OK to AT+SMSTPU, AT+STP | again | ours */
#define SQNS_UPLOAD_COMMAND_TRIES 3u  /* of it | ModemRefused | field row 23 */
#define SQNS_UPLOAD_QUIET_MS 60u      /* silence before a request is sent again | the request | ours */
#define SQNS_STP_OPEN_MS 4000u        /* long: RESET, OPEN_SESSION, DATA_TYPE | again, 8 times in a row | ours */
#define SQNS_STP_ANNOUNCE_MS 15000u   /* long: the announcement of a block | again | ours */
#define SQNS_STP_BLOCK_MS 30000u      /* long: a block | again 3 times, then half the size, 8 silences end it | ours */
#define SQNS_STP_ERASE_ANNOUNCE_MS 60000u /* long: the same where the modem erases (up to 12 %, from 98 %) | again | ours */
#define SQNS_STP_ERASE_MS 330000u     /* long: a block there, once per place | as elsewhere | protocol.md §3: 5 min */
#define SQNS_STP_CLOSE_MS 1000u       /* the closing RESET, which may never be answered | taken as closed | protocol.md §4 */
#define SQNS_STP_NOISE_MS 5000u       /* silence after bytes that are no answer | once more | ours */
#define SQNS_STP_NOISES 2u            /* answers in a row that were noise | the board was reset: another link | ours */
#define SQNS_UPLOAD_CANCEL_MS 3000u   /* after a cancel: the block on the wire comes to its end | cut off | ours */
#define SQNS_UPLOAD_ABORT_MS 800u     /* RESET out of STP after a failure | again | ours */
#define SQNS_UPLOAD_ABORT_TRIES 4u    /* of it | left to the next probe, which tries it too | ours */

/* [Apply] */
#define SQNS_APPLY_S 1200u            /* long: the modem's report | Timeout, leave the power on | field row 6: 10 min */
#define SQNS_APPLY_POLL_MS 400u       /* AT while it writes | a pause, AT again | ours */
#define SQNS_APPLY_PAUSE_MS 250u      /* between two of them | AT | ours */
#define SQNS_APPLY_WAKE_S 40u         /* long: silence | STP RESET and +++ too, for a closing RESET that got lost | ours */
#define SQNS_APPLY_NO_REPORT_S 300u   /* long: it answers, but reports nothing | its version decides | field-failures.md §2.4 */
#define SQNS_APPLY_BOOT_TRIES 10u     /* AT+SMSWBOOT? that names no mode | goes on | protocol.md §3 step 6 */
#define SQNS_INSTALL_PAUSE_MS 1500u   /* between a stored upload and AT+SMUPGRADE | AT+SMUPGRADE | protocol.md §3 */
#define SQNS_INSTALL_MS 20000u        /* OK to it | the report tells | ours */
#define SQNS_INSTALL_BEGIN_S 30u      /* long: it says that the image is "available", still | AT+SMUPGRADE again | ours */
#define SQNS_INSTALL_TRIES 3u         /* of AT+SMUPGRADE | the report is waited for | ours */

/* [Whole upgrade] */
#define SQNS_STEP_RETRIES 2u          /* failures of one step that a new look may cure | the failure, with words | protocol.md §4 */
#define SQNS_STORES 2u                /* uploads of a stored file that the modem refuses | its refusal | protocol.md §4 */
#define SQNS_RELINKS 3u               /* links given up because the modem fell silent | Timeout | ours */
#define SQNS_PLANS 12u                /* plans made (the longest way has 5) | Protocol: no progress | ours */
#define SQNS_CONFIRM_TRIES 10u        /* a booted modem that does not tell its version | VerifyFailed | ours */
#define SQNS_CONFIRM_PAUSE_MS 2000u   /* between two of them | asked again | ours */

/* [The board's Python] */
#define SQNS_PROMPT_MS 400u           /* the prompt after Ctrl-C | again | ours */
#define SQNS_PROMPT_QUIET_MS 25u      /* silence before each of them | Ctrl-C | ours */
#define SQNS_INTERRUPT_BRIEF_TRIES 2u          /* of it, to a board that is perhaps none | the modem itself is looked for | ours */
#define SQNS_INTERRUPT_LONG_TRIES 15u         /* of it, to a program that runs | Ctrl-F, which boots safely | protocol.md §1 */
#define SQNS_SAFE_BOOT_MS 8000u       /* long: the prompt after Ctrl-F | the program does not yield: NeedsHand | ours */
#define SQNS_SAFE_BOOT_LEAST_MS 1500u /* the same, however much tests shorten it | likewise | ours */
#define SQNS_BOOTED_TRIES 12u         /* prompts that were seen just before the reset | the last one counts | ours */
#define SQNS_RAW_MS 5000u             /* the raw REPL takes a piece of script | the script fails | ours */
#define SQNS_PIECE_PAUSE_MS 10u       /* between two pieces of 256 bytes | the next piece | protocol.md §1 */
#define SQNS_SCRIPT_STAY_MS 250u      /* a script that runs on says that it cannot start | it runs | ours */
#define SQNS_SCRIPT_ACCEPT_MS 3000u   /* such a script is taken | the script fails | ours */
#define SQNS_BOARD_IDENTIFY_MS 8000u  /* identify.py | the prompt is looked for again | ours */
#define SQNS_BOARD_IDENTIFY_TRIES 2u  /* of it | Timeout | ours */
#define SQNS_LTE_TASK_MS 20000u       /* long: LTE (), which fails within 6 s or hangs | interrupted; the relay | field-failures.md §2.8 */

/* [Relay, passthrough, PIC, a person] */
#define SQNS_RELAY_QUIET_MS 20u       /* silence before a word to the relay | the word | ours */
#define SQNS_RELAY_PING_MS 700u       /* its answer to a ping, a speed, the word to quit | again | ours */
#define SQNS_RELAY_PING_TRIES 3u      /* of a ping | once more at 115200 baud to the board, then without it | ours */
#define SQNS_RELAY_SPEED_TRIES 3u     /* of a speed | Timeout | ours */
#define SQNS_RELAY_PROMPT_MS 2000u    /* the prompt after the relay was left | the word again | ours */
#define SQNS_RELAY_QUIT_TRIES 2u      /* of the word to quit | said in the log | ours */
#define SQNS_RELAY_STRAY_MS 400u      /* answer of a relay that a killed daemon left behind | there is none | ours */
#define SQNS_RELAY_END_MS 4500u       /* an unheard relay ends by itself | the prompt is looked for | data/board/relay.py: 4 s */
#define SQNS_PIC_ANSWER_MS 400u       /* answer of the PIC | again | ours */
#define SQNS_PIC_QUIET_MS 20u         /* silence before a command to it | the command | ours */
#define SQNS_PIC_TRIES 6u             /* it may hold five bytes of a command of six | no PIC: a person | tests/board/pic.c, a guess */
#define SQNS_PIC_LOW_MS 200u          /* the module's reset is low | it is let go | protocol.md §1 */
#define SQNS_RESET_BOOT_S 15u         /* long: the prompt after the PIC's reset | a person | ours */
#define SQNS_USER_LEAST_S 10u         /* a person, however much tests shorten it | the board was not reset | ours */
#define SQNS_RESET_LISTEN_MS 3000u    /* long: between two Ctrl-C while a person is waited for | Ctrl-C | ours */

/* [Updater, reset of the modem, its numbers] */
#define SQNS_GREET_TRIES 10u          /* AT to the boot ROM, which finds its baud by them | Timeout | protocol.md §3 */
#define SQNS_FAST_TRIES 6u            /* AT after AT+IPR=921600 | goes on at 115200 | ours */
#define SQNS_UPDATER_SILENCES 10u     /* AT to the updater without an answer, in a row | the other baud | ours */
#define SQNS_UPDATER_ANSWERS_S 180u   /* long: the updater answers | Timeout; once more with the other ELF | protocol.md §3: 100 tries */
#define SQNS_RESTART_DOWN_MS 5000u    /* +SHUTDOWN after AT^RESET | AT is asked | field-failures.md §2.1: 2 s */
#define SQNS_RESTART_S 300u           /* long: the modem answers after AT^RESET | Timeout | field-failures.md §2.8 */
#define SQNS_IDENTIFY_MS 5000u        /* IMEI, ICCID, IMSI; a SIM is slower than the modem | the next one | ours */
#define SQNS_IDENTIFY_SILENCES 2u     /* questions without an answer | Timeout | ours */

/* clang-format on */
