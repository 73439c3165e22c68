/*
 * The engine, small enough for every interleaving to be looked at: docs/model.md says which class is what.
 *
 * One state, swapped by compare-and-set. A step of this model is what a thread of the library does between two looks
 * at something that others change: the state, a clock, the callers that wait. Between any two steps anything else may
 * happen, and a source may take as long as it likes.
 *
 * Each property has a flag that is raised where it is broken. Each MUTANT_... takes out one precaution: spin then has to
 * raise the flag of the property that it is for, or the model proves nothing. The script "check" runs all of this.
 */

#ifndef LONG
#define LONG 2 /* how long most credentials live, in ticks */
#endif
#define SHORT 1 /* others: a role that was changed, an agent's last answer */

#ifndef TICKS
#define TICKS 3
#endif
#ifndef CALLERS
#define CALLERS 2
#endif
#ifndef EXCHANGES
#define EXCHANGES 3 /* then the source is not asked any more, and callers are told so */
#endif
#ifndef KEYS
#define KEYS 2
#endif
#ifndef WAKES
#define WAKES 1
#endif

/* ---- The properties */

bool g2_broken;  /* at most one exchange is in flight */
bool g4_broken;  /* expired credentials are never handed out */
bool g5_broken;  /* nothing worse replaces what is held */
bool g11_broken; /* invalidating what is not held does nothing */

inline g2(holds) { g2_broken = g2_broken || !(holds); assert(!g2_broken) }
inline g4(holds) { g4_broken = g4_broken || !(holds); assert(!g4_broken) }
inline g5(holds) { g5_broken = g5_broken || !(holds); assert(!g5_broken) }
inline g11(holds) { g11_broken = g11_broken || !(holds); assert(!g11_broken) }

/* ---- The clocks. The monotonic one ticks; the wall clock may be set. */

byte mono = 0;
byte wall = 2;

/* ---- State.java and Held.java */

typedef Snapshot {
  byte version;  /* stands for the object's identity, by which compare-and-set compares */
  byte key;      /* the access key id of what is held; 0: nothing */
  byte monoEnd;  /* when that expires, by each clock */
  byte wallEnd;
  bool refused;  /* a service refused it */
  bool failed;   /* the last exchange failed */
  byte flight;   /* the exchange in flight; 0: none */
  byte ended;    /* how many have ended */
  byte until     /* readable until then by the wall clock, the only one that the hot path reads; 0: not */
}

Snapshot state;

inline look(s) {
  s.version = state.version; s.key = state.key; s.monoEnd = state.monoEnd; s.wallEnd = state.wallEnd;
  s.refused = state.refused; s.failed = state.failed; s.flight = state.flight; s.ended = state.ended;
  s.until = state.until
}

/*
 * Writes what a thread computed from the state that it saw. Only in one step with the comparison. The timer at the
 * monotonic end is taken to be on time, also where that has passed before the state was swapped in: then nobody may
 * read it on the hot path. See Clock.
 */
inline write(s) {
#ifndef MUTANT_G4_NO_TIMER_AT_THE_END
  if :: mono >= s.monoEnd -> s.until = 0 :: else fi;
#endif
  s.version = state.version + 1;
  state.version = s.version; state.key = s.key; state.monoEnd = s.monoEnd; state.wallEnd = s.wallEnd;
  state.refused = s.refused; state.failed = s.failed; state.flight = s.flight; state.ended = s.ended;
  state.until = s.until
}

/* What a thread no longer needs is no difference between two states of the model. */
inline forget(s) {
  s.version = 0; s.key = 0; s.monoEnd = 0; s.wallEnd = 0; s.refused = false; s.failed = false; s.flight = 0;
  s.ended = 0; s.until = 0
}

#define UNMOVED(s) (state.version == s.version)
#define ALIVE(s) (s.key != 0 && mono < s.monoEnd && wall < s.wallEnd)

/* ---- Who waits: Waiter.java */

#define NONE 0
#define GIVEN 1
#define THROWN 2

bool waiting[CALLERS];
byte arrivedAt[CALLERS]; /* how many exchanges had ended when the caller came */
byte outcome[CALLERS];

/* ---- Beginning an exchange: Engine.begin */

chan tasks = [3] of { byte };
byte flights = 0;

#ifdef MUTANT_G2_LOOKS_FOR_NO_FLIGHT
#define FREE(s) true
#else
#define FREE(s) (s.flight == 0)
#endif

#ifdef MUTANT_G2_WRITES_WITHOUT_COMPARING
#define MAY_BEGIN(s) FREE(s)
#else
#define MAY_BEGIN(s) (FREE(s) && UNMOVED(s))
#endif

/* Handing the task to a thread is no step of its own: a thread that is slow to take it is the same. */
inline begin(s) {
  atomic {
    d_step {
      ok = MAY_BEGIN(s) && flights < EXCHANGES;
      if
      :: ok ->
        flights++;
        s.flight = flights;
        /* While it is in flight readers need not look whether one is due, but they stop at the expiration. */
#ifdef MUTANT_G4_FLIGHT_LENGTHENS_LIFE
        if :: s.key != 0 -> s.until = 255 :: else fi;
#endif
        write(s)
      :: else
      fi
    }
    if
    :: ok -> tasks!s.flight
    :: else
    fi;
    ok = false
  }
}

/* ---- What becomes of a caller that found nothing: Waiting.decide, Engine.settle */


/* What it sees and what becomes of it is one step, unless that writes to the state. */
inline settle(c) {
  do
  :: atomic {
      if
      :: outcome[c] != NONE -> break
      :: else -> look(seen)
      fi;
      if
#ifdef MUTANT_G4_GIVES_WHAT_IS_HELD
      :: seen.key != 0 ->
#else
      :: ALIVE(seen) ->
#endif
        g4(mono < seen.monoEnd && wall < seen.wallEnd);
        outcome[c] = GIVEN;
        forget(seen);
        break
      :: else ->
        if
        :: seen.flight != 0 -> forget(seen); break
        :: seen.flight == 0 && seen.failed && seen.ended > arrivedAt[c] -> outcome[c] = THROWN; forget(seen); break
        :: seen.flight == 0 && flights == EXCHANGES -> outcome[c] = THROWN; forget(seen); break
        :: else
        fi
      fi
    }
    begin(seen)
  od
}

/* ---- A caller: RefreshingCredentialsProvider.resolveCredentials */

byte come = 0;

proctype Caller(byte me) {
  Snapshot seen;
  bool ok, got;
  byte readAt;

  /* Which of several like it comes first is no difference. */
  atomic { me == come -> come++ }

  /* The hot path: one volatile read, then one clock read. */
#ifdef MUTANT_G4_READS_THE_CLOCK_FIRST
  d_step { readAt = wall }
  atomic {
    look(seen);
    got = seen.key != 0 && readAt < seen.until;
    if :: got -> g4(mono < seen.monoEnd && wall < seen.wallEnd) :: else fi;
#else
  d_step { look(seen); readAt = mono }
  atomic {
    got = seen.key != 0 && wall < seen.until;
    /* By the monotonic clock, judged at the volatile read: a thread may sleep between the two for as long as it likes. */
    if :: got -> g4(readAt < seen.monoEnd && wall < seen.wallEnd) :: else fi;
#endif
    forget(seen);
    readAt = 0;
    if
    :: got -> got = false; goto done
    :: else
    fi
  }

  /* Engine.enroll: join those who wait first, then look. */
  arrivedAt[me] = state.ended;
#ifdef MUTANT_W_LOOKS_BEFORE_IT_JOINS
  settle(me);
  waiting[me] = true;
#else
  waiting[me] = true;
  settle(me);
#endif
  atomic { outcome[me] != NONE -> waiting[me] = false; arrivedAt[me] = 0 }
done:
  skip
}

/* ---- A thread of the library: Engine.exchange, succeed, fail, settleAll */

byte inFlight = 0;
byte lastKey = 0; /* what the source gave last, and when that ends */
byte lastEnd = 0;

/*
 * G5, said without the code's own words: looked at wherever something is published, whatever it was decided on.
 * "at" is when the decision was made, by the monotonic clock.
 */
inline nothingIsLost(s, at, wallAt) {
  if
  :: state.key != 0 && at < state.monoEnd && wallAt < state.wallEnd ->
    if
    :: s.key == state.key -> g5(s.monoEnd >= state.monoEnd)
    :: else ->
      /* Another session. It replaces what is held, unless it is nearly over and nobody refused what is held. */
      g5(s.key != 0 && s.monoEnd > at);
      if
      :: !state.refused -> g5(s.monoEnd >= state.monoEnd || s.monoEnd - at > SHORT)
      :: else
      fi
    fi
  :: else
  fi
}

bool busy = false; /* the first thread */

proctype Refresher(byte number) {
  Snapshot seen;
  bool ok, failed, keep;
  byte me, i;
  byte key, monoEnd, wallEnd;
  byte at, wallAt;

end:
  do
  /* Which of two idle threads takes it is no difference. */
  :: atomic {
      (number == 0 || busy) && nempty(tasks) -> tasks?me;
      if :: number == 0 -> busy = true :: else fi;
      inFlight++;
      g2(inFlight <= 1)
    }

    /*
     * The source answers when it likes. Engine.received: what has expired on arrival is a failure. One step, since
     * an answer that is late is no other than one that the source makes late.
     */
    atomic {
      if
      :: failed = true
      :: lastKey < KEYS -> lastKey++; lastEnd = mono + LONG
#if LONG > SHORT
      :: lastKey < KEYS -> lastKey++; lastEnd = mono + SHORT
#endif
      :: lastKey > 0 /* its cache, which may have expired */
      fi;
      inFlight--;
      if
      :: failed -> skip
      :: !failed && lastEnd > mono -> key = lastKey; monoEnd = lastEnd; wallEnd = wall + (lastEnd - mono)
      :: !failed && lastEnd <= mono ->
#ifdef MUTANT_G5_TAKES_THE_EXPIRED
        key = lastKey; monoEnd = lastEnd; wallEnd = wall
#else
        failed = true
#endif
      fi
    }

    /*
     * Publish: look at the state, then at the clocks, each time anew, then compare and set. The two looks are one
     * step: where the state moves between them, what follows is in vain.
     */
    do
    :: d_step {
        look(seen);
        at = mono;
        wallAt = wall
      }
      if
      :: seen.flight != me -> break
      :: else
      fi;
      atomic {
        if
        :: UNMOVED(seen) ->
          seen.flight = 0;
          seen.ended++;
          seen.failed = failed;
          if
          :: failed ->
#ifdef MUTANT_G5_FAILURE_CLEARS
            seen.key = 0; seen.monoEnd = 0; seen.wallEnd = 0; seen.refused = false
#else
            skip
#endif
          :: else ->
            keep = seen.key != 0 && at < seen.monoEnd && wallAt < seen.wallEnd;
#ifdef MUTANT_G5_TAKES_EVERY_ANSWER
            keep = false;
#endif
            if
            :: keep && seen.key == key -> keep = monoEnd <= seen.monoEnd
            :: keep && seen.key != key ->
              keep = !seen.refused && monoEnd < seen.monoEnd && monoEnd <= at + SHORT
            :: else
            fi;
#if !defined(MUTANT_G5_TAKES_THE_EXPIRED) && !defined(MUTANT_G5_TAKES_WHAT_HAS_EXPIRED_SINCE)
            keep = keep || at >= monoEnd || wallAt >= wallEnd;
#endif
            if
            :: keep
            :: else -> seen.key = key; seen.monoEnd = monoEnd; seen.wallEnd = wallEnd; seen.refused = false
            fi
          fi;
          /* Readable until the first of its two ends, told by the wall clock. */
          if
          :: seen.key == 0 || at >= seen.monoEnd || wallAt >= seen.wallEnd -> seen.until = 0
          :: else ->
            seen.until = wallAt + (seen.monoEnd - at);
            if :: seen.until > seen.wallEnd -> seen.until = seen.wallEnd :: else fi
          fi;
          nothingIsLost(seen, at, wallAt);
          write(seen);
          i = 0; me = 0; key = 0; monoEnd = 0; wallEnd = 0; at = 0; wallAt = 0; failed = false; keep = false;
          forget(seen);
          break
        :: else -> forget(seen)
        fi
      }
    od;

    /* Then those who wait. */
    do
    :: atomic { i < CALLERS && waiting[i] } -> settle(i); i++
    :: atomic { i < CALLERS && !waiting[i] -> i++ }
    :: atomic {
        i == CALLERS -> i = 0;
        if :: number == 0 -> busy = false :: else fi;
        break
      }
    od
  od
}

/* ---- The application: Engine.invalidate */

proctype Invalidator(byte key) {
  Snapshot seen;
  bool ok;
  byte before;

  do
  :: d_step { look(seen) }
    if
#ifndef MUTANT_G11_HEEDS_ANY_KEY
    :: seen.key != key -> break
#endif
    :: seen.refused -> break
    :: else ->
      d_step {
        ok = false;
        if
#ifdef MUTANT_G11_WRITES_WITHOUT_COMPARING
        :: true ->
#else
        :: UNMOVED(seen) ->
#endif
          g11(state.key == key);
          seen.refused = true;
          write(seen);
          ok = true
        :: else
        fi
      }
      if
      :: ok ->
#ifdef MUTANT_G11_BEGINS_ON_WHAT_IS_THERE_NOW
        d_step { look(seen) }
#endif
        atomic {
          before = flights;
          begin(seen);
          g11(flights == before || state.key == key)
        }
        break
      :: else
      fi
    fi
  od;
  atomic { forget(seen); ok = false; before = 0 }
}

/* ---- The timers: Engine.wake, at any time, since when it is due proves nothing here */

proctype Timer() {
  Snapshot seen;
  bool ok;
  byte i = 0;
end:
  do
  :: i < WAKES ->
    d_step { look(seen); i++ }
    if
    :: seen.flight == 0 -> begin(seen)
    :: else
    fi;
    atomic { forget(seen); ok = false }
  :: else -> break
  od
}

/* ---- Time. The timer at the monotonic end is taken to be on time: it swaps in a state that no reader may read. */

proctype Clock() {
  bool set = false;
end:
  do
  :: mono < TICKS ->
    d_step {
      mono++;
      wall++;
#ifndef MUTANT_G4_NO_TIMER_AT_THE_END
      if
      :: state.until != 0 && mono >= state.monoEnd -> state.until = 0; state.version++
      :: else
      fi
#endif
    }
#ifdef WALL_CLOCK_IS_SET
  :: !set -> d_step { set = true; wall = wall - LONG }
  :: !set -> d_step { set = true; wall = wall + 1 }
#endif
  od
}

init {
  Snapshot seen;
  bool ok;
  byte i = 0;
  atomic {
    run Clock();
    run Refresher(0);
#ifdef TWO_THREADS
    run Refresher(1);
#endif
    run Timer();
#ifdef INVALIDATED
    run Invalidator(1);
#endif
#ifndef NOBODY_CALLS
    do
    :: i < CALLERS -> run Caller(i); i++
    :: else -> i = 0; break
    od
#endif
  }
  /* The first exchange begins when the engine is built. */
  d_step { look(seen) }
  begin(seen);
  atomic { forget(seen); ok = false }
}
