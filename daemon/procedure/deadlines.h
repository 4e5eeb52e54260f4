/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every deadline and every bound on tries of the procedures, in one table: nothing waits for longer, nothing is
 * repeated more often. CONTRIBUTING shows the same table; tests/check-deadlines.py compares the two.
 *
 * One line each: name, value, and in the comment what is waited for | what comes after it | where the figure comes from
 * ("ours" where no document has one). _MS and _S are milliseconds and seconds; those marked "long" are scaled by tests
 * (base/patience.h). */
#pragma once

/* One line is one row. */
/* clang-format off */

/* [AT dialogue] */
#define SQNS_POKE_MS 350u         /* AT to a modem that may sleep | again, then STP RESET, then +++ | ours: ms when awake */
#define SQNS_POKE_QUIET_MS 30u    /* silence before each of these | AT | ours */
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
#define SQNS_BOOT_POLL_MS 500u    /* AT to a modem that reboots | a pause, AT again | ours */
#define SQNS_BOOT_ASK_MS 1500u    /* AT+SMOD? to it; it may go down just then | AT again | ours */
#define SQNS_BOOT_PAUSE_MS 250u   /* between two of them | AT | ours */
#define SQNS_BOOT_FALLBACK_MS 5000u /* after ERROR to SMSWBOOT=n,1 | SMSWBOOT=n,0 and AT^RESET | protocol.md §2 */
#define SQNS_BOOT_ATTEMPTS 2u     /* switches asked for | ModemRefused, or Timeout with the mode that it is in | field row 3 */
#define SQNS_BOOT_UNCHANGED_S 30u /* long: the old mode still answers | the switch is asked for once more | field row 3 */
#define SQNS_BOOT_RECOVERY_S 180u /* long: recovery answers | Timeout; behind passthrough: another link first | ours */
#define SQNS_BOOT_FFH_S 30u       /* long: the boot ROM answers, which starts nothing | Timeout, or another link | ours */
#define SQNS_BOOT_APPLICATION_S 900u /* long: the application answers | Timeout, leave the power on | field row 6: 10 min */
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
#define SQNS_APPLY_NO_REPORT_S 300u   /* long: it answers, but reports nothing | its version will tell | field-failures.md §2.4 */
#define SQNS_APPLY_BOOT_TRIES 10u     /* AT+SMSWBOOT? that names no mode | goes on | protocol.md §3 step 6 */
#define SQNS_INSTALL_PAUSE_MS 1500u   /* between a stored upload and AT+SMUPGRADE | AT+SMUPGRADE | protocol.md §3 */
#define SQNS_INSTALL_MS 20000u        /* OK to it | the report tells | ours */

/* [Whole upgrade] */
#define SQNS_STEP_RETRIES 2u          /* steps that failed and may be cured by a new look | the failure, with words | protocol.md §4 */
#define SQNS_RELINKS 3u               /* links given up because the modem fell silent | Timeout | ours */
#define SQNS_LEGS 12u                 /* plans made (the longest way has 5) | Protocol: it does not get anywhere | ours */
#define SQNS_CONFIRM_TRIES 10u        /* a booted modem that does not tell its version | VerifyFailed | ours */
#define SQNS_CONFIRM_PAUSE_MS 2000u   /* between two of them | asked again | ours */

/* clang-format on */
