package redisstore

// How a site that is too busy for one shard is to be spread. This is a design;
// nothing of it is built yet, and no setting turns it on.
//
// All keys of a site lie on one node of a cluster, whose single thread runs every
// script of that site: several thousand records a second. Sites spread over the
// nodes by themselves. One site that needs more gets several logs.
//
//   - The site file says shards: N, from 1 to 64, 1 by default. The logs are
//     named SITE, SITE~1, … SITE~(N-1), so that nothing moves when a site goes
//     from one to several; a site id holds no tilde. Each is a site of its own to
//     this package: its own hash tag, and so its own slot, its own indexes without
//     gaps, its own tiles and checkpoints under an origin of that name.
//   - A record lies in log (last byte of its id) mod N. Ids are HMACs and spread
//     evenly. A retry has the same id, so it meets the first try in the same log:
//     a record is there once, by the same script as today, without any
//     transaction across nodes. Record, Erase and a receipt's proof need the id
//     alone and ask one log.
//   - History asks all N logs in parallel and merges by the records' times, which
//     one server never lets go back; within one log its order counts. Subjects
//     are not what decides the log, because a receipt names a record and not its
//     subject.
//   - Artefacts are put into every log before a visitor sees them: each log has to
//     commit to the notices that its records refer to. Counters stay with the
//     record's log and are summed when read.
//   - Log, Leaves, Head and checkpoints are asked for one log by its name. An
//     auditor verifies N logs; the root artefact of each says how many there are,
//     so that a missing one is noticed.
//   - N may grow, never shrink. The former N is kept beside the new one with the
//     time of the change, and a record is looked for in the log of the former N
//     as well for as long as retries may come (a pending decision is resent for
//     days). Without that a retry across the change would be recorded twice.
//
// What it costs: N checkpoints a minute instead of one, N times the artefacts,
// and a history of N round trips in one pipeline.
