"""What the database itself refuses, whoever asks: edits, half transactions, sums that are not zero.

The functions that must see all entries of a transaction run with the rights of the schema's owner, who
gets a policy for exactly that; row-level security still hides platform entries from the merchant whose
session wrote them.
"""


def frozen(table: str) -> str:
    """A trigger that refuses every UPDATE, DELETE and TRUNCATE of ``table``, for its owner too."""
    return (
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
    )


def owner_reads(table: str) -> str:
    """A policy that lets the checking functions read ``table``."""
    return f"CREATE POLICY {table}_checks ON {table} FOR SELECT TO CURRENT_USER USING (true)"


REFUSE_CHANGE = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: the ledger is never edited, post a reversal', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$
"""

CHECK_BALANCED = """
CREATE FUNCTION ledger_check_balanced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
DECLARE
  checked uuid;
  declared record;
  present bigint;
  mixed boolean;
  uneven text;
BEGIN
  IF TG_TABLE_NAME = 'ledger_entries' THEN checked = NEW.transaction_id; ELSE checked = NEW.id; END IF;
  SELECT t.fact, t.lines, t.state = 'pending' AS pending INTO declared FROM ledger_transactions t WHERE t.id = checked;
  SELECT coalesce(sum(s.entries), 0), coalesce(bool_or(s.differs), false),
         string_agg(s.currency || ' ' || s.total, ', ') FILTER (WHERE s.total <> 0)
    INTO present, mixed, uneven
    FROM (SELECT e.currency, sum(e.amount_minor) AS total, count(*) AS entries,
                 bool_or(e.pending <> declared.pending) AS differs
            FROM ledger_entries e WHERE e.transaction_id = checked GROUP BY e.currency) s;
  IF uneven IS NOT NULL THEN
    RAISE EXCEPTION 'transaction % does not balance: % minor', declared.fact, uneven USING ERRCODE = 'check_violation';
  END IF;
  IF present <> declared.lines OR mixed THEN
    RAISE EXCEPTION 'transaction % has % of % entries', declared.fact, present, declared.lines
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""

TRACK_OWED = """
CREATE FUNCTION ledger_track_owed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO ledger_owed AS o (merchant_id, currency, posted_minor, pending_minor)
  VALUES (NEW.owner_id, NEW.currency, CASE WHEN NEW.pending THEN 0 ELSE NEW.amount_minor END,
          CASE WHEN NEW.pending THEN NEW.amount_minor ELSE 0 END)
  ON CONFLICT (merchant_id, currency) DO UPDATE
    SET posted_minor = o.posted_minor + excluded.posted_minor,
        pending_minor = o.pending_minor + excluded.pending_minor;
  RETURN NULL;
END $$
"""

CLOSE_RESERVE = """
CREATE FUNCTION ledger_close_reserve() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ledger_transactions t WHERE t.id = NEW.transaction_id AND t.state = 'pending') THEN
    RAISE EXCEPTION 'only a pending transaction can be closed' USING ERRCODE = 'check_violation';
  END IF;
  UPDATE ledger_owed o SET pending_minor = o.pending_minor - r.amount_minor
    FROM (SELECT e.owner_id, e.currency, sum(e.amount_minor) AS amount_minor FROM ledger_entries e
           WHERE e.transaction_id = NEW.transaction_id AND e.owner_kind = 'merchant' GROUP BY 1, 2) r
   WHERE o.merchant_id = r.owner_id AND o.currency = r.currency;
  RETURN NULL;
END $$
"""

LOCK_OWED = """
CREATE FUNCTION ledger_lock_owed(merchant uuid, unit text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
DECLARE
  owed bigint;
BEGIN
  IF doorstep_audience() = 'merchant' AND merchant IS DISTINCT FROM doorstep_tenant() THEN
    RAISE EXCEPTION 'another merchant''s credit' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO ledger_owed (merchant_id, currency, posted_minor, pending_minor)
    VALUES (merchant, unit, 0, 0) ON CONFLICT DO NOTHING;
  SELECT o.posted_minor + o.pending_minor INTO owed FROM ledger_owed o
   WHERE o.merchant_id = merchant AND o.currency = unit FOR UPDATE;
  RETURN owed;
END $$
"""

DIFFERENCE = """
CREATE FUNCTION ledger_difference_minor(market uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  SELECT (
    coalesce((SELECT sum(abs(u.total)) FROM (
        SELECT sum(e.amount_minor) AS total FROM ledger_entries e
          JOIN ledger_transactions t ON t.id = e.transaction_id
         WHERE market IS NULL OR t.market_id = market
         GROUP BY e.transaction_id, e.currency) u), 0)
    + (SELECT count(*) FROM ledger_transactions t
        WHERE (market IS NULL OR t.market_id = market)
          AND t.lines <> (SELECT count(*) FROM ledger_entries e WHERE e.transaction_id = t.id))
    + CASE WHEN market IS NOT NULL THEN 0 ELSE coalesce((
        SELECT sum(abs(o.posted_minor - s.posted_minor) + abs(o.pending_minor - s.pending_minor))
          FROM ledger_owed o LEFT JOIN LATERAL (
            SELECT coalesce(sum(e.amount_minor) FILTER (WHERE NOT e.pending), 0) AS posted_minor,
                   coalesce(sum(e.amount_minor) FILTER (WHERE e.pending AND c.transaction_id IS NULL), 0)
                     AS pending_minor
              FROM ledger_entries e LEFT JOIN ledger_closures c ON c.transaction_id = e.transaction_id
             WHERE e.owner_kind = 'merchant' AND e.owner_id = o.merchant_id AND e.currency = o.currency
          ) s ON true), 0) END
  )::bigint
$$
"""


def callable_by_servers(signature: str) -> tuple[str, str]:
    """Only the two serving roles may call the function."""
    return (
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {signature} TO doorstep_web, doorstep_system",
    )


def check_at_commit(table: str) -> str:
    """A deferred trigger that checks the whole transaction to which a new row of ``table`` belongs."""
    return (
        f"CREATE CONSTRAINT TRIGGER {table}_balanced AFTER INSERT ON {table}"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balanced()"
    )
