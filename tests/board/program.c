/* What runs on the modem: its AT commands and upgrades, or a recording instead of both. */
#include "program.h"

#include "at-slave.h"
#include "replay.h"
#include "upgrade.h"

struct Program {
  Modem *modem;
  Upgrade *upgrade;
  Replay *replay; /* nullable */
};

static void
receive (gpointer user_data, const guint8 *data, gsize len)
{
  Program *program = user_data;
  Modem *modem = program->modem;

  if (modem->state == MODEM_REPLAY)
    {
      replay_receive (program->replay, data, len);
      return;
    }
  if (modem->state == MODEM_UPDATER && !upgrade_is_answering (program->upgrade))
    return;
  while (len > 0)
    {
      gsize n = upgrade_is_uploading (program->upgrade) ? upgrade_feed (program->upgrade, data, len)
                                                        : at_slave_feed (modem, program->upgrade, data, len);

      data += n;
      len -= n;
      if (modem_smod (modem) < 0)
        return;
    }
}

static void
stop (gpointer user_data)
{
  Program *program = user_data;

  upgrade_stop (program->upgrade);
  if (program->replay != NULL)
    replay_stop (program->replay);
}

static void
start (Program *program)
{
  if (program->modem->state == MODEM_UPDATER)
    upgrade_apply (program->upgrade);
  else if (g_str_equal (program->modem->options->modem, "stp"))
    upgrade_left_open (program->upgrade);
}

static void
play (Program *program, Recording *recording)
{
  g_clear_handle_id (&program->modem->timer, g_source_remove);
  modem_set_state (program->modem, MODEM_REPLAY);
  program->replay = replay_new (program->modem, recording);
}

Program *
program_new (Modem *modem, Recording *recording)
{
  static const ModemProgram functions = { .receive = receive, .stop = stop };
  Program *program = g_new0 (Program, 1);

  program->modem = modem;
  program->upgrade = upgrade_new (modem);
  modem_set_program (modem, &functions, program);
  if (recording != NULL)
    play (program, recording);
  else
    start (program);
  return program;
}

void
program_free (Program *program)
{
  modem_set_program (program->modem, NULL, NULL);
  g_clear_pointer (&program->replay, replay_free);
  upgrade_free (program->upgrade);
  g_free (program);
}

void
program_status (Program *program, GString *json)
{
  if (program->replay != NULL)
    replay_status (program->replay, json);
}
