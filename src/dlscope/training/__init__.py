"""What every training does alike: reproducible steps, schedules, averages, checkpoints, one loop.

Needs the extra `training`; `schedule` and `batches` need numpy alone. A loop is carried by
Lightning Fabric, which knows devices, precisions and several processes; what happens in an epoch
is written by whoever trains.
"""
