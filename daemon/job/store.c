/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where jobs outlive the daemon. */
#include "job/store.h"

#include "base/backlog.h"
#include "base/fair-queue.h"
#include "base/log.h"

#define SAVE_S 60u /* a disk that takes longer counts as failed: no modem waits for it */
#define FLUSH_S 20u
#define DAY_US ((gint64)24 * 60 * 60 * G_USEC_PER_SEC)
#define MAX_SEARCHES 2u /* in worker threads, which are few, and everybody may ask */
#define MAX_QUESTIONS 256u

struct _SqnsJobStore {
  GObject parent;
  SqnsStateFolder *folder; /* NULL until it is opened */
  guint history_days;
  gint64 next_prune;       /* µs since the epoch */
  GPtrArray *jobs;         /* SqnsStoredJob, borrowed */
  GAsyncQueue *operations; /* to the thread */
  GThread *thread;         /* NULL until the first operation */
  gboolean closed;
  SqnsBacklog *answers;
  SqnsFairQueue *questions; /* GTask, by users */
  guint searches;
};

G_DEFINE_FINAL_TYPE (SqnsJobStore, sqns_job_store, G_TYPE_OBJECT)

typedef enum {
  LOAD,
  SAVE,
  REMOVE_JOB,
  REMOVE_FIRMWARE,
  PRUNE,
  FLUSH,
  STOP,
} OperationType;

typedef struct {
  OperationType type;
  SqnsJobStore *store; /* with a reference */
  GTask *task;         /* NULL: nobody waits for the answer, or no longer */
  guint deadline;
  char *name;         /* uuid or hash of what is removed */
  SqnsStoredJob *job; /* that is saved, copied */
  gint64 expired;
  guint max_ended;
  GPtrArray *result;
  GError *error;
} Operation;

static void
operation_free (Operation *op)
{
  g_clear_handle_id (&op->deadline, g_source_remove);
  g_clear_object (&op->task);
  g_clear_error (&op->error);
  g_free (op->name);
  sqns_stored_job_free (op->job);
  g_clear_pointer (&op->result, g_ptr_array_unref);
  g_object_unref (op->store);
  g_free (op);
}

/* Answers, in the main loop */

static void release_files (SqnsJobStore *self, const SqnsRequest *request);

static void
answer (gpointer item, gpointer unused)
{
  Operation *op = item;
  g_autoptr (GTask) task = g_steal_pointer (&op->task);

  g_clear_handle_id (&op->deadline, g_source_remove);
  if (op->job != NULL && !sqns_job_record_needs_files (op->job->record))
    release_files (op->store, &op->job->record->request);
  if (task == NULL && op->error != NULL)
    sqns_warning (NULL, "%s", op->error->message);
  else if (task != NULL && op->error != NULL)
    g_task_return_error (task, g_steal_pointer (&op->error));
  else if (task != NULL && op->result != NULL)
    g_task_return_pointer (task, g_steal_pointer (&op->result), (GDestroyNotify)g_ptr_array_unref);
  else if (task != NULL)
    g_task_return_boolean (task, TRUE);
  operation_free (op);
}

static gboolean
on_done (gpointer user_data)
{
  Operation *op = user_data;
  SqnsJobStore *self = op->store;

  /* not only the job that has found it out must be there again */
  if (sqns_state_folder_was_remade (self->folder))
    for (guint i = 0; i < self->jobs->len; i++)
      sqns_job_store_save_async (self, self->jobs->pdata[i], NULL, NULL);
  sqns_backlog_push (self->answers, op);
  return G_SOURCE_REMOVE;
}

static gboolean
on_deadline (gpointer user_data)
{
  Operation *op = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&op->task);
  op->deadline = 0;
  g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_TIMEOUT, "the disk does not respond");
  return G_SOURCE_REMOVE;
}

/* The thread */

static gboolean
is_in (GPtrArray *jobs, const SqnsStoredJob *job)
{
  for (guint i = 0; i < jobs->len; i++)
    if (g_str_equal (((const SqnsStoredJob *)jobs->pdata[i])->record->uuid, job->record->uuid))
      return TRUE;
  return FALSE;
}

/* Hundreds of jobs may begin at the same time: @op and the saves of other jobs that wait behind it. Returns the
 * operation behind these, nullable. */
static Operation *
save_batch (SqnsJobStore *self, Operation *op)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new (), jobs = g_ptr_array_new ();
  for (; op != NULL && op->type == SAVE && !is_in (jobs, op->job); op = g_async_queue_try_pop (self->operations))
    {
      g_ptr_array_add (batch, op);
      g_ptr_array_add (jobs, op->job);
    }
  sqns_state_folder_save (self->folder, (SqnsStoredJob *const *)jobs->pdata, jobs->len);
  for (guint i = 0; i < batch->len; i++)
    {
      Operation *done = batch->pdata[i];
      done->error = g_steal_pointer (&done->job->error);
      g_idle_add_full (G_PRIORITY_DEFAULT, on_done, done, NULL);
    }
  return op;
}

/* Returns an operation that was taken, too, nullable. */
static Operation *
work (SqnsJobStore *self, Operation *op)
{
  switch (op->type)
    {
    case LOAD:
      op->result = sqns_state_folder_load (self->folder, op->expired, op->max_ended, &op->error);
      break;
    case SAVE:
      return save_batch (self, op);
    case REMOVE_JOB:
      sqns_state_folder_remove_job (self->folder, op->name, &op->error);
      break;
    case REMOVE_FIRMWARE:
      sqns_state_folder_remove_firmware (self->folder, op->name, &op->error);
      break;
    case PRUNE:
      sqns_state_folder_prune (self->folder, op->expired);
      break;
    case FLUSH:
    case STOP:
      break;
    }
  g_idle_add_full (G_PRIORITY_DEFAULT, on_done, op, NULL);
  return NULL;
}

static gpointer
writer (gpointer store)
{
  SqnsJobStore *self = store;
  Operation *op = NULL;
  for (gboolean stop = FALSE; !stop;)
    {
      op = op != NULL ? op : g_async_queue_pop (self->operations);
      stop = op->type == STOP;
      op = work (self, op);
    }
  return NULL;
}

/* Operations */

static Operation *
operation_new (SqnsJobStore *self, OperationType type, const char *name)
{
  Operation *op = g_new0 (Operation, 1);
  op->store = g_object_ref (self);
  op->type = type;
  op->name = g_strdup (name);
  return op;
}

static void
give (Operation *op)
{
  SqnsJobStore *self = op->store;
  if (self->closed)
    {
      g_set_error_literal (&op->error, SQNS_ERROR, SQNS_ERROR_FAILED, "the daemon has stopped");
      sqns_backlog_push (self->answers, op);
      return;
    }
  if (self->thread == NULL)
    self->thread = g_thread_new ("job-store", writer, self);
  g_async_queue_push (self->operations, op);
}

/* @timeout_s 0: none. */
static void
give_task (Operation *op, guint timeout_s, gpointer tag, GAsyncReadyCallback callback, gpointer user_data)
{
  op->task = g_task_new (op->store, NULL, callback, user_data);
  g_task_set_source_tag (op->task, tag);
  if (timeout_s > 0)
    op->deadline = g_timeout_add_seconds (timeout_s, on_deadline, op);
  give (op);
}

static void
sqns_job_store_dispose (GObject *object)
{
  sqns_job_store_close (SQNS_JOB_STORE (object));
  G_OBJECT_CLASS (sqns_job_store_parent_class)->dispose (object);
}

static void
sqns_job_store_finalize (GObject *object)
{
  SqnsJobStore *self = SQNS_JOB_STORE (object);
  g_ptr_array_unref (self->jobs);
  g_async_queue_unref (self->operations);
  sqns_backlog_free (self->answers, NULL);
  sqns_fair_queue_free (self->questions, g_object_unref);
  sqns_state_folder_free (self->folder);
  G_OBJECT_CLASS (sqns_job_store_parent_class)->finalize (object);
}

static void
sqns_job_store_class_init (SqnsJobStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sqns_job_store_dispose;
  G_OBJECT_CLASS (klass)->finalize = sqns_job_store_finalize;
}

static void
sqns_job_store_init (SqnsJobStore *self)
{
  self->jobs = g_ptr_array_new ();
  self->operations = g_async_queue_new ();
  self->answers = sqns_backlog_new (answer, NULL);
  self->questions = sqns_fair_queue_new (MAX_QUESTIONS);
}

SqnsJobStore *
sqns_job_store_new (guint history_days)
{
  SqnsJobStore *self = g_object_new (SQNS_TYPE_JOB_STORE, NULL);
  self->history_days = history_days;
  return self;
}

void
sqns_job_store_close (SqnsJobStore *self)
{
  if (self->thread != NULL)
    {
      give (operation_new (self, STOP, NULL));
      g_thread_join (g_steal_pointer (&self->thread));
    }
  self->closed = TRUE;
  if (self->folder != NULL)
    sqns_state_folder_unlock (self->folder);
}

static gint64
expired (SqnsJobStore *self, gint64 now)
{
  return now - self->history_days * DAY_US;
}

void
sqns_job_store_open_async (
    SqnsJobStore *self, const char *folder, guint max_ended, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (self->folder == NULL);
  self->folder = sqns_state_folder_new (folder);
  Operation *op = operation_new (self, LOAD, NULL);
  op->expired = expired (self, g_get_real_time ());
  op->max_ended = max_ended;
  give_task (op, 0, sqns_job_store_open_async, callback, user_data);
}

GPtrArray *
sqns_job_store_open_finish (SqnsJobStore *store, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
sqns_job_store_is_open (SqnsJobStore *store)
{
  return store->folder != NULL;
}

const char *
sqns_job_store_folder (SqnsJobStore *store)
{
  return store->folder != NULL ? sqns_state_folder_path (store->folder) : NULL;
}

/* Jobs */

static gboolean
needs (const SqnsStoredJob *job, const char *sha256)
{
  for (guint i = 0; i < SQNS_JOB_N_FILES && sqns_job_record_needs_files (job->record); i++)
    if (g_str_equal (job->record->request.files[i].sha256, sha256))
      return TRUE;
  return FALSE;
}

/* Firmware of @request that no job needs is removed. */
static void
release_files (SqnsJobStore *self, const SqnsRequest *request)
{
  for (guint i = 0; i < SQNS_JOB_N_FILES && !self->closed; i++)
    {
      const char *sha256 = request->files[i].sha256;
      gboolean needed = *sha256 == '\0';
      for (guint j = 0; j < self->jobs->len && !needed; j++)
        needed = needs (self->jobs->pdata[j], sha256);
      if (!needed)
        give (operation_new (self, REMOVE_FIRMWARE, sha256));
    }
}

void
sqns_job_store_add (SqnsJobStore *self, const SqnsStoredJob *job)
{
  g_ptr_array_add (self->jobs, (gpointer)job);
}

void
sqns_job_store_remove (SqnsJobStore *self, const SqnsStoredJob *job)
{
  g_ptr_array_remove (self->jobs, (gpointer)job);
}

void
sqns_job_store_forget (SqnsJobStore *self, const SqnsStoredJob *job, gboolean record)
{
  sqns_job_store_remove (self, job);
  if (self->folder == NULL)
    return;
  if (record)
    give (operation_new (self, REMOVE_JOB, job->record->uuid));
  release_files (self, &job->record->request);
}

void
sqns_job_store_save_async (SqnsJobStore *self,
                           const SqnsStoredJob *job,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (self->folder != NULL);
  Operation *op = operation_new (self, SAVE, NULL);
  op->job = sqns_stored_job_new (sqns_job_record_copy (job->record));
  if (job->transcript != NULL && sqns_transcript_size (job->transcript) > 0)
    op->job->log = sqns_transcript_text (job->transcript);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    g_set_object (&op->job->files[i], job->files[i]);
  if (callback != NULL)
    give_task (op, SAVE_S, sqns_job_store_save_async, callback, user_data);
  else
    give (op);
}

gboolean
sqns_job_store_save_finish (SqnsJobStore *store, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
sqns_job_store_flush_async (SqnsJobStore *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  if (self->folder != NULL)
    {
      give_task (operation_new (self, FLUSH, NULL), FLUSH_S, sqns_job_store_flush_async, callback, user_data);
      return;
    }
  task = g_task_new (self, NULL, callback, user_data);
  g_task_return_boolean (task, TRUE);
}

void
sqns_job_store_flush_finish (SqnsJobStore *store, GAsyncResult *result)
{
  g_task_propagate_boolean (G_TASK (result), NULL);
}

static void
load_in_thread (GTask *task, gpointer store, gpointer record, GCancellable *cancellable)
{
  SqnsJobStore *self = store;
  g_task_return_pointer (task, sqns_state_folder_load_job (self->folder, record), sqns_stored_job_free);
}

void
sqns_job_store_load_async (
    SqnsJobStore *self, const SqnsJobRecord *record, gboolean files, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  SqnsJobRecord *wanted = sqns_job_record_copy (record);
  for (guint i = 0; i < SQNS_JOB_N_FILES && !files; i++)
    sqns_request_set_file (&wanted->request, (SqnsJobFile)i, NULL, NULL);
  g_task_set_source_tag (task, sqns_job_store_load_async);
  g_task_set_task_data (task, wanted, sqns_job_record_free);
  g_task_run_in_thread (task, load_in_thread);
}

SqnsStoredJob *
sqns_job_store_load_finish (SqnsJobStore *store, GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

gint64
sqns_job_store_prune (SqnsJobStore *self, gint64 now)
{
  if (self->folder == NULL || self->history_days == 0)
    return 0;
  if (self->next_prune <= now || self->next_prune > now + DAY_US) /* the clock may have been set */
    {
      if (self->next_prune != 0)
        {
          Operation *op = operation_new (self, PRUNE, NULL);
          op->expired = expired (self, now);
          give (op);
        }
      self->next_prune = now + DAY_US;
    }
  return self->next_prune;
}

/* History */

typedef struct {
  SqnsHistoryFilter filter;
  GPtrArray *known; /* while it is searched */
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;
  sqns_history_filter_clear (&question->filter);
  g_clear_pointer (&question->known, g_ptr_array_unref);
  g_free (question);
}

static void
search_in_thread (GTask *task, gpointer store, gpointer task_data, GCancellable *cancellable)
{
  SqnsJobStore *self = store;
  Question *question = task_data;
  g_task_return_pointer (task, sqns_state_folder_search (self->folder, &question->filter, question->known),
                         (GDestroyNotify)g_ptr_array_unref);
}

static void serve (SqnsJobStore *self);

static void
on_answered (GTask *task, GParamSpec *completed, gpointer store)
{
  SqnsJobStore *self = store;
  self->searches--;
  serve (self);
}

/* The jobs are copied only now: they may be many, and each question that waits would hold a copy. */
static void
serve (SqnsJobStore *self)
{
  while (self->searches < MAX_SEARCHES && sqns_fair_queue_length (self->questions) > 0)
    {
      g_autoptr (GTask) task = sqns_fair_queue_pop (self->questions);
      Question *question = g_task_get_task_data (task);
      question->known = sqns_history_new ();
      /* also those that go on: they have an older record on disk */
      for (guint i = 0; i < self->jobs->len; i++)
        g_ptr_array_add (question->known, sqns_job_record_copy (((const SqnsStoredJob *)self->jobs->pdata[i])->record));
      self->searches++;
      g_signal_connect (task, "notify::completed", G_CALLBACK (on_answered), self); /* its source object */
      g_task_run_in_thread (task, search_in_thread);
    }
}

void
sqns_job_store_end_history (SqnsJobStore *self)
{
  while (sqns_fair_queue_length (self->questions) > 0)
    {
      g_autoptr (GTask) task = sqns_fair_queue_pop (self->questions);
      g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_DRAINING, "the daemon is stopping");
    }
}

void
sqns_job_store_history_async (
    SqnsJobStore *self, guint uid, const SqnsHistoryFilter *filter, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Question *question = g_new0 (Question, 1);
  g_autofree char *owner = g_strdup_printf ("%u", uid);

  question->filter = *filter;
  question->filter.modem = g_strdup (filter->modem);
  question->filter.label = g_strdup (filter->label);
  g_task_set_source_tag (task, sqns_job_store_history_async);
  g_task_set_task_data (task, question, question_free);
  g_autoptr (GTask) surplus = sqns_fair_queue_push (self->questions, owner, task);
  if (surplus != NULL)
    g_task_return_new_error (surplus, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED, "%u such calls are already waiting",
                             MAX_QUESTIONS);
  serve (self);
}

GPtrArray *
sqns_job_store_history_finish (SqnsJobStore *store, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
