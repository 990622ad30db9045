// What a test bench sees: trips of the loops that multiply, words that had to be waited for, and
// every value that a stage gives. A hardware compiler sees nothing of it.
#ifndef DLSCOPE_INSTRUMENTS_H
#define DLSCOPE_INSTRUMENTS_H

#if defined(__SYNTHESIS__)
#define TRIP(stage)
#define WAIT(stage)
#define OBSERVE(stage, value)
#else
extern long long trips[], waits[];
void observe(int stage, long long value);
#define TRIP(stage) ++trips[stage]
#define WAIT(stage) ++waits[stage]
#define OBSERVE(stage, value) observe(stage, value)
#endif

#endif
