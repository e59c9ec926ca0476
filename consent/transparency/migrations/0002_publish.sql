-- The public numbers: counted, hidden, rounded and written by one function, so that no small count is ever anywhere but in its memory.
-- docs/decisions/transparency.md gives the reasons; tests/consent/transparency attacks what is told with linear programs.

-- Who did what how often: one row a measure, agency and citizen. For the owner alone.
CREATE FUNCTION consent_transparency_counted(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (measure text, agency text, citizen uuid, events bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT
        CASE e.event
            WHEN 'agency:twin:read' THEN 'read_allowed' WHEN 'agency:twin:refused' THEN 'read_refused'
            WHEN 'aurora:pull:completed' THEN 'pull_completed' WHEN 'aurora:pull:failed' THEN 'pull_failed'
            WHEN 'aurora:pull:refused' THEN 'pull_refused'
            WHEN 'aurora:twin:suggested' THEN 'suggested' WHEN 'aurora:twin:refused' THEN 'suggestion_refused'
            WHEN 'aurora:evaluation:made' THEN 'evaluated' WHEN 'aurora:evaluation:refused' THEN 'evaluation_refused'
            WHEN 'agency:use:disclosed' THEN 'delay_disclosed'
        END,
        CASE WHEN e.event LIKE 'aurora:pull:%' THEN coalesce(e.source, 'aurora') ELSE e.actor END,
        e.citizen_id, count(*)
    FROM ledger_ledgerentry e
    WHERE e.id >= ledger_first_id(p_since - interval '1 day') AND e.id < ledger_first_id(p_until + interval '1 day')
        AND e.at >= p_since AND e.at < p_until
        AND e.event IN (
            'agency:twin:read', 'agency:twin:refused', 'aurora:pull:completed', 'aurora:pull:failed', 'aurora:pull:refused',
            'aurora:twin:suggested', 'aurora:twin:refused', 'aurora:evaluation:made', 'aurora:evaluation:refused', 'agency:use:disclosed'
        )
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT 'use_' || f.state, a.code, f.citizen_id, count(*)
    FROM consent_uses_finding f JOIN consent_agency a ON a.id = f.agency_id
    WHERE f.at >= p_since AND f.at < p_until GROUP BY 1, 2, 3
    UNION ALL
    SELECT
        CASE WHEN c.answered_at IS NULL THEN 'concern_waiting' WHEN c.answered_at <= c.due_at THEN 'concern_in_time' ELSE 'concern_late' END,
        c.about, c.citizen_id, count(*)
    FROM consent_concerns_concern c
    WHERE c.raised_at >= p_since AND c.raised_at < p_until AND (c.state <> 'closed' OR c.answered_at IS NOT NULL) GROUP BY 1, 2, 3
    UNION ALL
    SELECT 'delay_kept', k.agency, k.citizen_id, count(*)
    FROM ledger_keptback k WHERE k.kept_at >= p_since AND k.kept_at < p_until GROUP BY 1, 2, 3
    UNION ALL
    SELECT m.measure, 'aurora', s.citizen_id, count(*)
    FROM consent_breakglass_request r LEFT JOIN consent_breakglass_subject s ON s.request_id = r.id
    CROSS JOIN LATERAL (VALUES
        ('glass_approved', r.state = 'approved'), ('glass_declined', r.state = 'declined'),
        ('glass_justified', r.state = 'approved' AND r.verdict = 'justified'),
        ('glass_not_justified', r.state = 'approved' AND r.verdict = 'not_justified'),
        ('glass_unreviewed', r.state = 'approved' AND r.verdict = '')
    ) AS m (measure, so)
    WHERE r.asked_at >= p_since AND r.asked_at < p_until AND m.so GROUP BY 1, 2, 3
    UNION ALL
    SELECT 'glass_read', 'aurora', s.citizen_id, count(*)
    FROM consent_breakglass_read d LEFT JOIN consent_breakglass_subject s ON s.request_id = d.request_id
    WHERE d.at >= p_since AND d.at < p_until GROUP BY 1, 2, 3
$$;

-- From cells with `measure`, `agency`, `events` and `hidden` the same with more of them hidden, and numbers of the others rounded to tens ("told").
-- A reader knows the rules, that a told number is of ten at least and lies from five below to four above, and that some numbers are the sum of
-- others. With all of it every count from none to nine must be as possible as before for whatever is hidden: else the smallest number that is told
-- and would tell is hidden too. The sums are apart from each other (no cell is in two), so that what holds in each holds in all.
CREATE FUNCTION consent_transparency_protected(p_cells jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_cells jsonb := p_cells;
    v_more jsonb;
BEGIN
    LOOP
        WITH cell AS (
            SELECT c.measure, c.agency, c.events, c.hidden,
                CASE WHEN NOT c.hidden THEN greatest(10, (c.events + 5) / 10 * 10 - 5) END AS low,
                CASE WHEN NOT c.hidden THEN (c.events + 5) / 10 * 10 + 4 END AS high
            FROM jsonb_to_recordset(v_cells) AS c (measure text, agency text, events bigint, hidden boolean)
        ), placed AS (
            SELECT s.name, s.total = c.measure AS is_total, c.*
            FROM cell c JOIN (VALUES
                ('uses', 'read_allowed', ARRAY['use_matched', 'use_differing', 'use_not_reported', 'use_in_doubt', 'use_open']),
                ('glass', 'glass_approved', ARRAY['glass_justified', 'glass_not_justified', 'glass_unreviewed'])
            ) AS s (name, total, parts) ON c.measure = s.total OR c.measure = ANY (s.parts)
        ), summed AS (
            SELECT name, agency,
                bool_or(hidden AND is_total) AS total_hidden,
                count(*) FILTER (WHERE hidden AND NOT is_total) AS parts_hidden,
                sum(high) FILTER (WHERE is_total) - coalesce(sum(low) FILTER (WHERE NOT is_total), 0) AS rest_high,
                sum(low) FILTER (WHERE is_total) - coalesce(sum(high) FILTER (WHERE NOT is_total), 0) AS rest_low
            FROM placed GROUP BY name, agency
        ), betrayed AS (
            SELECT name, agency FROM summed WHERE
                (total_hidden AND parts_hidden = 0)
                OR (NOT total_hidden AND parts_hidden > 0 AND (rest_high < 9 OR (parts_hidden = 1 AND rest_low > 0)))
        )
        SELECT jsonb_agg(jsonb_build_object('measure', m.measure, 'agency', m.agency)) INTO v_more FROM (
            SELECT DISTINCT ON (p.name, p.agency) p.measure, p.agency
            FROM placed p JOIN betrayed b ON b.name = p.name AND b.agency = p.agency
            WHERE NOT p.hidden ORDER BY p.name, p.agency, p.is_total, p.events, p.measure
        ) m;
        EXIT WHEN v_more IS NULL;
        SELECT jsonb_agg(CASE
            WHEN v_more @> jsonb_build_array(jsonb_build_object('measure', c -> 'measure', 'agency', c -> 'agency'))
            THEN c || '{"hidden": true}' ELSE c END)
        INTO v_cells FROM jsonb_array_elements(v_cells) AS t (c);
    END LOOP;
    RETURN (
        SELECT jsonb_agg(jsonb_build_object('measure', c.measure, 'agency', c.agency,
            'told', CASE WHEN NOT c.hidden THEN (c.events + 5) / 10 * 10 END))
        FROM jsonb_to_recordset(v_cells) AS c (measure text, agency text, events bigint, hidden boolean)
    );
END
$$;

-- Publish each month that is over and settled and not published yet; the months. The only function of these that the service may call: without an
-- argument, so that nobody can ask for another cut, and once a month, so that nobody can ask again.
CREATE FUNCTION consent_transparency_publish() RETURNS SETOF date
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_zone constant text := 'Europe/Helsinki';  -- of the service (settings.TIME_ZONE): a test holds the two together
    v_settled constant interval := interval '8 days';  -- reports of uses come within seven
    v_first timestamptz;
    v_month date;
    v_last date := (date_trunc('month', (clock_timestamp() - v_settled) AT TIME ZONE v_zone) - interval '1 month')::date;
    v_cells jsonb;
BEGIN
    SELECT e.at INTO v_first FROM ledger_ledgerentry e
    WHERE e.id >= ledger_first_id(clock_timestamp() - interval '2 years') ORDER BY e.id LIMIT 1;
    v_month := date_trunc('month', v_first AT TIME ZONE v_zone)::date;
    WHILE v_month <= v_last LOOP
        INSERT INTO consent_transparency_publication (month, at) VALUES (v_month, clock_timestamp()) ON CONFLICT DO NOTHING;
        IF FOUND THEN
            -- All agencies that could have a number have a row: that there is one says nothing. Hidden: fewer than ten people, or one who has more
            -- than half of it to their account.
            SELECT jsonb_agg(jsonb_build_object('measure', w.measure, 'agency', w.agency, 'events', coalesce(n.events, 0),
                'hidden', coalesce(n.citizens, 0) < 10 OR n.most * 2 > n.events))
            INTO v_cells
            FROM (
                SELECT m.measure, a.code AS agency FROM (VALUES
                    ('read_allowed', 'data_user'), ('read_refused', 'data_user'),
                    ('use_matched', 'data_user'), ('use_differing', 'data_user'), ('use_not_reported', 'data_user'),
                    ('use_not_delivered', 'data_user'), ('use_in_doubt', 'data_user'), ('use_open', 'data_user'),
                    ('delay_kept', 'data_user'), ('delay_disclosed', 'data_user'),
                    ('pull_completed', 'data_source'), ('pull_failed', 'data_source'), ('pull_refused', 'data_source'),
                    ('concern_in_time', 'data_user'), ('concern_late', 'data_user'), ('concern_waiting', 'data_user'),
                    ('concern_in_time', 'operator'), ('concern_late', 'operator'), ('concern_waiting', 'operator'),
                    ('suggested', 'operator'), ('suggestion_refused', 'operator'), ('evaluated', 'operator'), ('evaluation_refused', 'operator'),
                    ('glass_approved', 'operator'), ('glass_declined', 'operator'), ('glass_read', 'operator'),
                    ('glass_justified', 'operator'), ('glass_not_justified', 'operator'), ('glass_unreviewed', 'operator')
                ) AS m (measure, role) JOIN consent_agency a ON m.role = ANY (a.roles)
                GROUP BY 1, 2
            ) w
            LEFT JOIN (
                SELECT c.measure, c.agency, sum(c.events)::bigint AS events, count(DISTINCT c.citizen) AS citizens, max(c.events) AS most
                FROM consent_transparency_counted(
                    v_month::timestamp AT TIME ZONE v_zone, (v_month + interval '1 month') AT TIME ZONE v_zone) c
                GROUP BY c.measure, c.agency
            ) n USING (measure, agency);
            INSERT INTO consent_transparency_figure (month, measure, agency, told)
            SELECT v_month, t.measure, t.agency, t.told
            FROM jsonb_to_recordset(consent_transparency_protected(coalesce(v_cells, '[]'))) AS t (measure text, agency text, told bigint);
            RETURN NEXT v_month;
        END IF;
        v_month := (v_month + interval '1 month')::date;
    END LOOP;
END
$$;
