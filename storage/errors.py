"""Errors of what is remembered.

StorageError
├── DatabaseError
│   ├── UnusableUrl          neither sqlite:///path nor postgresql://…, or its driver is not installed
│   ├── DatabaseInUse        another process has this SQLite file open
│   ├── MigrationNeeded      the tables are older than this program: `visitbot migrate`
│   ├── ProgramTooOld        the tables are newer than this program
│   └── DatabaseUnavailable  cannot be reached, or gave this transaction up; the same again may succeed
├── JobError
│   ├── LeaseLost            somebody else has this job now, or it was ended: undo and leave it
│   └── NotParked            only a parked job can be replayed (`job_id`)
└── MediaError
    ├── MediaMissing         no such file (`sha256`)
    └── MediaDamaged         its bytes no longer match its name (`sha256`)
"""


class StorageError(Exception):
    pass


class DatabaseError(StorageError):
    pass


class UnusableUrl(DatabaseError):
    pass


class DatabaseInUse(DatabaseError):
    pass


class MigrationNeeded(DatabaseError):
    pass


class ProgramTooOld(DatabaseError):
    pass


class DatabaseUnavailable(DatabaseError):
    pass


class JobError(StorageError):
    pass


class LeaseLost(JobError):
    def __init__(self, job_id: int) -> None:
        super().__init__(f"job {job_id} is no longer ours")
        self.job_id = job_id


class NotParked(JobError):
    def __init__(self, job_id: int) -> None:
        super().__init__(f"job {job_id} is not parked")
        self.job_id = job_id


class MediaError(StorageError):
    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256


class MediaMissing(MediaError):
    pass


class MediaDamaged(MediaError):
    pass
